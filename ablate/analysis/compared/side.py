"""One side of a comparison: a study, or some of its trials, with their scores by design point and replicate."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ablate.analysis.effects.comparison import Comparison
from ablate.analysis.effects.contrast import contrasts
from ablate.analysis.outcomes.outcome import Outcomes, outcomes
from ablate.analysis.outcomes.scoring import score
from ablate.analysis.statistics.student import Values
from ablate.analysis.summary import Verdict
from ablate.config.augmentation import AUGMENTATION
from ablate.config.canonical_text import canonical_text
from ablate.config.spec import Response, StudySpec
from ablate.config.trial import make_group
from ablate.design import DesignPoint
from ablate.design.estimable import Estimable
from ablate.store.record import Record

BATCHES = ("batch_size", AUGMENTATION)
"""Keys of `data` that change the training batches and leave the splits as they are."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """A study, or some of its trials."""

    name: str
    spec: StudySpec
    points: Sequence[DesignPoint]
    records: Sequence[Record]
    verdicts: Sequence[Verdict] = ()
    """On the study's claims, by these records."""

    @property
    def responses(self) -> frozenset[str]:
        """The responses that its complete trials have."""
        return frozenset(name for record in self.records if record.state == "complete" for name in record.responses)


class Measured:
    """The trials of a side, scored on one response."""

    def __init__(self, side: Side, response: Response) -> None:
        """Lays out the records as design points × replicates."""
        self.side = side
        self._outcomes: Outcomes = outcomes(replace(side.spec, response=response), side.points, side.records)
        self._comparison = Comparison(
            scores=score(self._outcomes, response).values,
            diverged=self._outcomes.diverged,
            better=response.better,
            seed=side.spec.seed,
        )

    @cached_property
    def contrasts(self) -> Sequence[Estimable]:
        """Those that the study's design estimates."""
        return contrasts(self.side.spec, self.side.points)[0]

    def sides(self, estimable: Estimable) -> tuple[Values, Values]:
        """Both sides of a contrast, of shape (replicates,), in the response's units; NaN where a trial is missing."""
        return self._comparison.sides(estimable)

    def scores(self, row: int) -> Values:
        """Of one design point, of shape (replicates,)."""
        return self._comparison.scores[row]

    def seeds_and_splits(self, rows: Sequence[int], replicate: int) -> frozenset[tuple[Any, str]]:
        """What determines random streams and splits of a replicate, for each of its trials at some design points."""
        found = (self._outcomes.records[row][replicate] for row in rows)
        return frozenset(_seed_and_split(r, self.side.spec.seed) for r in found if r is not None)


def _seed_and_split(record: Record, seed: int) -> tuple[Any, str]:
    """The study's seed; and as text the settings of `data` that determine splits, together with seed and replicate."""
    data = make_group("data", record.config.get("data")).without(*BATCHES)
    return record.config.get("seed", seed), canonical_text(data.identity)


def padded(values: Values, count: int) -> Values:
    """The values, of shape (count,): with NaN for replicates that were not planned."""
    return np.concatenate([values, np.full(count - len(values), np.nan)])
