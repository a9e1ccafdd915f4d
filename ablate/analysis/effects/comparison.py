"""The comparison of design points on one study's scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from ablate.analysis.statistics.paired import paired
from ablate.analysis.statistics.proportion import proportion
from ablate.analysis.statistics.scale import on_scale
from ablate.analysis.statistics.student import Values
from ablate.analysis.summary import Contrast, Paired, Proportion
from ablate.config.spec import Better, Scale
from ablate.design.estimable import Estimable


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What all contrasts of a study share."""

    scores: Values
    """Shape (design points, replicates); NaN where a trial has no score."""
    diverged: npt.NDArray[np.bool_]
    """The same shape."""
    better: Better
    seed: int
    """Of the Monte Carlo sign flips: one for all, so that a contrast has the same p wherever it stands."""
    examples: Values | None = None
    """Of the same shape, on how many examples each score was measured; NaN or None where that is not known."""
    trivial: Values | None = None
    """Of the same shape, what the trivial predictor scores on each trial's splits, in the response's units; NaN or None
    where that is not known."""
    simple: Mapping[str, Values] = field(default_factory=dict[str, Values])
    """Simple predictor → what it scores on each trial's splits, of the same shape; NaN where that is not known."""
    test_shares: Values | None = None
    """Of the same shape, examples that each score was measured on, divided by those trained on; 0 where no other
    replicate can have them, NaN or None where that is not known."""
    unscaled: npt.NDArray[np.bool_] | None = None
    """Of the same shape: scores that have no place on the scale, and are NaN; None on the scale of the responses."""
    _pairs: dict[object, Paired] = field(init=False, default_factory=dict[object, Paired], compare=False, repr=False)
    """What was compared already. A summary has many contrasts twice, each with the values of all of its trials."""

    def on(self, scale: Scale) -> "Comparison":
        """The comparison of the same scores on another scale."""
        if scale == "identity":
            return self
        scores = on_scale(self.scores, scale, examples=self.examples)
        return replace(self, scores=scores, unscaled=np.isfinite(self.scores) & ~np.isfinite(scores))

    def contrast(self, estimable: Estimable, *, value: float | None = None) -> Contrast:
        """Estimates a contrast, with all replicates and with the survivors only.

        A replicate that lacks any trial of either side has no value and is dropped.

        Args:
            estimable: the rows of both sides.
            value: used in place of the reference, where that has no rows.
        """
        sides = [*estimable.arm, *estimable.arm_less], [*estimable.reference, *estimable.reference_less]
        arm, reference = self.sides(estimable, value=value)
        size = np.max(np.abs(self.scores[list(estimable.rows)]), axis=0) if estimable.arm_less else None
        diverged = [self.diverged[rows] for rows in sides]
        unstable = np.any(np.concatenate(diverged), axis=0)
        rows = estimable.arm, estimable.arm_less, estimable.reference, estimable.reference_less, value
        return Contrast(
            name=estimable.name,
            kind=estimable.kind,
            levels=estimable.levels,
            against=estimable.against,
            held=estimable.held,
            aliases=estimable.aliases,
            paired=self._paired((*rows, "all"), arm, reference, size),
            survivors=self._paired((*rows, "survivors"), np.where(unstable, np.nan, arm), reference, size)
            if np.any(unstable)
            else None,
            diverged_arm=int(np.count_nonzero(diverged[0])),
            diverged_reference=int(np.count_nonzero(diverged[1])),
            failed_arm=self._failed(sides[0]),
            failed_reference=self._failed(sides[1]),
            survived_arm=self._survived(sides[0]),
            survived_reference=self._survived(sides[1]),
            unscored=int(np.count_nonzero(np.concatenate(diverged) & ~np.isfinite(self.scores[sides[0] + sides[1]]))),
        )

    def sides(self, estimable: Estimable, *, value: float | None = None) -> tuple[Values, Values]:
        """Both sides of a contrast, of shape (replicates,); NaN where a trial of the side has no score.

        Args:
            estimable: the rows of both sides.
            value: used in place of the reference, where that has no rows.
        """
        arm = self._side(estimable.arm, estimable.arm_less)
        if value is not None:
            return arm, np.full_like(arm, value)
        return arm, self._side(estimable.reference, estimable.reference_less)

    def _side(self, rows: Sequence[int], less: Sequence[int]) -> Values:
        """The mean over the rows, by replicate, minus that over others where there are any."""
        found: Values = np.mean(self.scores[list(rows)], axis=0)
        return found - np.mean(self.scores[list(less)], axis=0) if less else found

    def _failed(self, rows: list[int]) -> Proportion:
        diverged = self.diverged[rows]
        return proportion(
            int(np.count_nonzero(diverged)), int(np.count_nonzero(diverged | np.isfinite(self.scores[rows])))
        )

    def _survived(self, rows: list[int]) -> int:
        return int(np.count_nonzero(np.all(np.isfinite(self.scores[rows]) & ~self.diverged[rows], axis=0)))

    def up_to(self, replicates: int) -> "Comparison":
        """The comparison on the first replicates only."""
        return replace(
            self,
            scores=self.scores[:, :replicates],
            diverged=self.diverged[:, :replicates],
            examples=None if self.examples is None else self.examples[:, :replicates],
            trivial=None if self.trivial is None else self.trivial[:, :replicates],
            test_shares=None if self.test_shares is None else self.test_shares[:, :replicates],
            simple={name: scores[:, :replicates] for name, scores in self.simple.items()},
            unscaled=None if self.unscaled is None else self.unscaled[:, :replicates],
        )

    def _paired(self, what: object, arm: Values, reference: Values, size: Values | None) -> Paired:
        if what not in self._pairs:
            rng = np.random.default_rng(self.seed)
            self._pairs[what] = paired(arm, reference, better=self.better, rng=rng, size=size)
        return self._pairs[what]
