"""Tuning trials: what is trained to choose an arm's settings, and which of them is chosen."""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ablate.config.spec import Better, StudySpec
from ablate.config.trainer import BUDGET_KEYS
from ablate.config.trial import TrialConfig
from ablate.design.point import Cell, DesignPoint
from ablate.design.tuning import Tuning, overrides
from ablate.errors import ConfigError
from ablate.plan.identity import ConfigDigest
from ablate.plan.seeds import TUNING_FROM, streams
from ablate.plan.trial import Trial


@dataclass(frozen=True, kw_only=True)
class Arm:
    """What gets a choice of its own: its candidates' configurations at one design point, on the whole budget."""

    levels: Cell
    point: DesignPoint
    configs: tuple[TrialConfig, ...]
    """One for each candidate."""


@dataclass(frozen=True, kw_only=True)
class TuningOutlook:
    """What tuning is, and what is left to do of it."""

    settings: tuple[str, ...]
    metric: str
    seeds: int
    shares: tuple[float, ...]
    """Of the budget, rung by rung."""
    sizes: tuple[int, ...]
    """Candidates on each rung."""
    arms: int
    """That get a choice each."""
    pending: int
    """Arms without a choice."""
    trials: int
    """Tuning trials of all arms."""
    missing: int
    """That are to be trained."""
    seconds: float | None
    """For those; None: unknown."""


def check_distinct(arm: Arm, tuning: Tuning) -> None:
    """Refuses two candidates that are the same training.

    Raises:
        ConfigError: names their settings.
    """
    digests = [ConfigDigest.of(config) for config in arm.configs]
    for one, other in itertools.combinations(range(len(digests)), 2):
        if digests[one] == digests[other]:
            pairs = [" ".join(overrides(tuning.candidates[n])) for n in (one, other)]
            at = f" (at {arm.point})" if arm.levels else ""
            raise ConfigError(
                f"study.tune: {pairs[0]} and {pairs[1]} are the same training{at}. Name each value once, and tune what "
                "changes the training."
            )


def tuning_trials(
    spec: StudySpec, tuning: Tuning, arm: Arm, rung: int, standing: Iterable[int]
) -> dict[int, tuple[Trial, ...]]:
    """The tuning trials of an arm on one rung: of each candidate that has come so far, one on each tuning seed.

    Args:
        spec: the study.
        tuning: what it tunes.
        arm: the arm.
        rung: the number of the rung, from 0.
        standing: the candidates.
    """
    return {candidate: _on_each_seed(spec, tuning, arm, rung, candidate) for candidate in standing}


def _on_each_seed(spec: StudySpec, tuning: Tuning, arm: Arm, rung: int, candidate: int) -> tuple[Trial, ...]:
    config = _as_tried(arm.configs[candidate], tuning.rungs[rung])
    digest = ConfigDigest.of(config)
    return tuple(
        Trial(
            id=digest.trial_id(seed=spec.seed, replicate=replicate),
            study=spec.name,
            point=arm.point,
            replicate=replicate,
            seed=spec.seed,
            streams=streams(spec.seed, replicate),
            config=config,
            is_tested=False,
        )
        for replicate in range(TUNING_FROM, TUNING_FROM + tuning.seeds)
    )


def _as_tried(config: TrialConfig, share: float) -> TrialConfig:
    """The configuration on a share of its budget, in whole epochs or steps, and without what no choice needs."""
    budget = {
        key: max(1, round(share * value)) for key in BUDGET_KEYS if isinstance(value := config.trainer.get(key), int)
    }
    return config.with_settings("trainer", **budget, diagnostics=False).with_groups(logger=None)


Scores = Mapping[int, Sequence[float | None]]
"""Candidate → the metric on each tuning seed; None: that training diverged or ran out of time."""


def ranked(scores: Scores, better: Better) -> tuple[int, ...]:
    """The candidates, the best first: by the number of trainings without a value, then by the mean of the others.

    Of equal ones, that which stands first in the study comes first.
    """

    def key(candidate: int) -> tuple[int, float]:
        values = [value for value in scores[candidate] if value is not None]
        mean = math.fsum(values) / len(values) if values else 0.0
        return len(scores[candidate]) - len(values), -mean if better == "higher" else mean

    return tuple(sorted(scores, key=key))
