"""Trials packed for another process. Pickled one by one, each takes 0.9 kB of the driver's memory for the moment."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from ablate.plan.seeds import Streams
from ablate.plan.trial import Trial


@dataclass(frozen=True, kw_only=True, slots=True)
class PackedTrials:
    """Trials without what they share: many have one design point, and many one replicate."""

    ids: str
    """One a line."""
    points: tuple[Trial, ...]
    """A trial of each design point. Those of a design point differ in id, replicate and streams."""
    blocks: tuple[tuple[int, Streams], ...]
    """The replicates, each with its streams."""
    places: "array[int]"
    """For each trial its place in `points`, then its place in `blocks`."""

    @classmethod
    def of(cls, trials: Iterable[Trial]) -> Self:
        """Packs trials. Replicates of a design point share its objects; equal ones would be packed twice."""
        points: dict[tuple[object, ...], tuple[int, Trial]] = {}
        blocks: dict[tuple[int, Streams], int] = {}
        ids: list[str] = []
        places = array("I")
        for trial in trials:
            kind = id(trial.point), id(trial.config), trial.study, trial.seed, trial.is_tested
            ids.append(trial.id)
            places.append(points.setdefault(kind, (len(points), trial))[0])
            places.append(blocks.setdefault((trial.replicate, trial.streams), len(blocks)))
        return cls(
            ids="\n".join(ids), points=tuple(trial for _, trial in points.values()), blocks=tuple(blocks), places=places
        )

    def trials(self) -> tuple[Trial, ...]:
        """The trials, in their order. Those of a design point share its configuration."""
        found: list[Trial] = []
        for trial_id, point, block in zip(self.ids.split(), self.places[::2], self.places[1::2], strict=True):
            replicate, streams = self.blocks[block]
            found.append(replace(self.points[point], id=trial_id, replicate=replicate, streams=streams))
        return tuple(found)
