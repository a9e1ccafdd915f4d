"""What the checklist judges: a study, its design points, and the results of its trials so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ablate.analysis.claims.judgement import comparison_of
from ablate.analysis.claims.untrained import Curves, margin_in_units
from ablate.analysis.effects.comparison import Comparison
from ablate.analysis.outcomes.outcome import Outcomes, outcomes
from ablate.analysis.statistics.student import mean
from ablate.analysis.summarise import summarise
from ablate.analysis.summary import Summary
from ablate.config.group import Group
from ablate.config.spec import Claim, StudySpec
from ablate.design.point import DesignPoint
from ablate.store.choices import Choice
from ablate.store.record import Record

MAX_NAMED = 3
"""Design points and claims that a sentence names; more are counted."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A study with or without results. What is derived is computed when it is first asked for."""

    spec: StudySpec
    points: Sequence[DesignPoint]
    parameters: Sequence[int | None]
    """Of each design point's network; None: not known."""
    records: Sequence[Record] = ()
    curves: Curves = field(default_factory=dict[str, Mapping[str, Sequence[float]]])
    """Of all trials, by trial id."""
    choices: Sequence[Choice] = ()
    """That tuning has made."""

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The stated ones, and those that were added later."""
        return (*self.spec.claims, *self.spec.later)

    @property
    def has_results(self) -> bool:
        """Whether a trial has ended with a result."""
        return any(record.is_result for record in self.records)

    @property
    def baseline(self) -> int | None:
        """The row of the baseline; None where the design has none."""
        return next((row for row, point in enumerate(self.points) if point.is_baseline(self.spec.factors)), None)

    @cached_property
    def outcomes(self) -> Outcomes:
        """What the trials yielded."""
        return outcomes(self.spec, self.points, self.records)

    @cached_property
    def comparison(self) -> Comparison:
        """Of the design points' scores."""
        return comparison_of(self.spec, self.points, self.records)

    @cached_property
    def summary(self) -> Summary:
        """Of the results so far."""
        return summarise(
            self.spec, self.points, self.records, rng=np.random.default_rng(self.spec.seed), choices=self.choices
        )

    def margin(self, claim: Claim) -> float | None:
        """A claim's margin in the response's units; None where that takes the baseline's mean, which is not known."""
        if claim.scale == "identity" and not claim.relative:
            return claim.margin
        if self.baseline is None or not self.has_results:
            return None
        scores = self.comparison.scores[self.baseline]
        known = scores[np.isfinite(scores)]
        return margin_in_units(claim, mean(known)) if len(known) else None

    @property
    def smallest_margin(self) -> float | None:
        """Of all claims, in the response's units; None where none is known."""
        return min((margin for claim in self.claims if (margin := self.margin(claim)) is not None), default=None)

    @property
    def longer(self) -> str:
        """Twice the budget of a training, as configuration."""
        trainer = Group("trainer", self.spec.settings.get("trainer"))
        for key in ("max_epochs", "max_steps"):
            if isinstance(budget := trainer.get(key), int):
                return f"trainer.{key}: {2 * budget}"
        return "trainer.max_epochs: twice as many"

    def names(self, rows: Sequence[int]) -> str:
        """Design points by what differs from the baseline: up to three, and how many more there are."""
        references = {factor.name: factor.reference for factor in self.spec.factors}
        changed = [
            [f"{name}={level}" for name, level in self.points[row].levels.items() if level != references[name]]
            for row in rows
        ]
        return listed([", ".join(each) or "the baseline" for each in changed])


def listed(names: Sequence[str]) -> str:
    """Up to three names, and how many more there are."""
    more = len(names) - MAX_NAMED
    return "; ".join(names[:MAX_NAMED]) + (f"; and {more} more" if more > 0 else "")


def number(value: float) -> str:
    """To three significant digits."""
    return f"{value:.3g}".replace("-", "−")
