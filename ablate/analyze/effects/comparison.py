"""The comparison of design points on one study's scores."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ablate.analyze.statistics.paired import paired
from ablate.analyze.statistics.proportion import proportion
from ablate.analyze.statistics.student import Values
from ablate.analyze.summary import Contrast, Paired, Proportion
from ablate.config.spec import Better
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

    def contrast(self, estimable: Estimable) -> Contrast:
        """Estimates a contrast, with all replicates and with the survivors only.

        A replicate that lacks any trial of either side has no value and is dropped.
        """
        sides = list(estimable.arm), list(estimable.reference)
        arm, reference = (np.mean(self.scores[rows], axis=0) for rows in sides)
        diverged = [self.diverged[rows] for rows in sides]
        unstable = np.any(np.concatenate(diverged), axis=0)
        return Contrast(
            name=estimable.name,
            kind=estimable.kind,
            levels=estimable.levels,
            against=estimable.against,
            held=estimable.held,
            aliases=estimable.aliases,
            paired=self._paired(arm, reference),
            survivors=self._paired(np.where(unstable, np.nan, arm), reference) if np.any(unstable) else None,
            diverged_arm=int(np.count_nonzero(diverged[0])),
            diverged_reference=int(np.count_nonzero(diverged[1])),
            failed_arm=self._failed(sides[0]),
            failed_reference=self._failed(sides[1]),
            survived_arm=self._survived(sides[0]),
            survived_reference=self._survived(sides[1]),
            unscored=int(np.count_nonzero(np.concatenate(diverged) & ~np.isfinite(self.scores[sides[0] + sides[1]]))),
        )

    def _failed(self, rows: list[int]) -> Proportion:
        diverged = self.diverged[rows]
        return proportion(
            int(np.count_nonzero(diverged)), int(np.count_nonzero(diverged | np.isfinite(self.scores[rows])))
        )

    def _survived(self, rows: list[int]) -> int:
        return int(np.count_nonzero(np.all(np.isfinite(self.scores[rows]) & ~self.diverged[rows], axis=0)))

    def up_to(self, replicates: int) -> "Comparison":
        """The comparison on the first so many replicates alone."""
        return replace(self, scores=self.scores[:, :replicates], diverged=self.diverged[:, :replicates])

    def _paired(self, arm: Values, reference: Values) -> Paired:
        return paired(arm, reference, better=self.better, rng=np.random.default_rng(self.seed))
