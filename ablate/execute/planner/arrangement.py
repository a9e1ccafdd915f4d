"""What trains together, and on how many workers: ordered, with the time that it takes."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from ablate.execute.planner import makespan
from ablate.execute.planner.candidate import Candidate
from ablate.execute.planner.sharing import Sharing
from ablate.plan.bundle import Bundle
from ablate.plan.schedule import Schedule
from ablate.plan.trial import Trial

WORKER_START_S = 0.15
"""Time until workers have started, approximately."""

GPU_START_S = 2.0
"""The same of workers that use a GPU: each makes a context there, and loads libraries. Not measured on a GPU."""

NO_MEMORY = "there is memory for one at a time"
"""Why trials train alone that could be stacked."""


@dataclass(frozen=True, kw_only=True)
class Arrangement:
    """Bundles, each with the candidate that it is part of, and the workers that train them.

    `gpus`, `places`: as in a Schedule. `sharing`: how the workers of one GPU share it.
    """

    bundles: tuple[Bundle, ...]
    candidates: tuple[Candidate, ...]
    workers: int
    notes: tuple[str, ...] = ()
    gpus: int = 0
    places: tuple[int, ...] = ()
    sharing: Sharing = field(default_factory=Sharing)

    def schedule(self, place: dict[str, int], *, threads: int) -> Schedule:
        """The bundles in the order in which they start.

        Args:
            place: Id of each trial → its place in the study.
            threads: CPU threads of each worker.
        """
        in_plan = sorted(range(len(self.bundles)), key=lambda i: place[self.bundles[i].trials[0].id])
        chosen, total = self._ordered(in_plan)
        return Schedule(
            bundles=tuple(self.bundles[i] for i in chosen),
            workers=self.workers,
            threads=threads,
            seconds=total,
            notes=self.notes,
            gpus=self.gpus,
            places=self.places,
        )

    @cached_property
    def seconds(self) -> float | None:
        """From the first start to the last end; None: unknown."""
        return self._ordered(range(len(self.bundles)))[1]

    def _ordered(self, which: Sequence[int]) -> tuple[Sequence[int], float | None]:
        """Indices of bundles in the order in which they start, and when the last of them ends."""
        jobs = [self._job(self.bundles[i], self.candidates[i]) for i in which]
        known = [job for job in jobs if job is not None]
        if len(known) < len(jobs):
            return which, None
        blocks = [self.bundles[i].trials[0].replicate for i in which]
        slowdowns = self._slowdowns()
        typical = sum(slowdowns) / len(slowdowns)
        order = makespan.order([host + device * typical for host, device in known], blocks, workers=self.workers)
        total = makespan.shared_makespan([known[k] for k in order], slowdowns)
        return [which[k] for k in order], (GPU_START_S if self.gpus else WORKER_START_S) + total

    def _job(self, bundle: Bundle, candidate: Candidate) -> tuple[float, float] | None:
        """Seconds of a bundle in which it does not use a GPU, and in which it does; None: unknown."""
        members = len(bundle.trials)
        total = candidate.seconds(members)
        if total is None or candidate.costs is None:
            return None
        device = candidate.costs.step_seconds(members) if candidate.is_on_gpu else 0.0
        return total - device, device

    def _slowdowns(self) -> list[float]:
        """Of each worker: how many times as long as alone its steps take."""
        if not self.gpus:
            return [1.0] * max(self.workers, 1)
        places = self.places or (0,) * self.workers
        shared = Counter(places)
        return [self.sharing.slowdown(shared[gpu]) for gpu in places]


def cut(trials: tuple[Trial, ...], pieces: int) -> Iterator[tuple[Trial, ...]]:
    """Pieces of nearly equal length."""
    ends = [len(trials) * k // pieces for k in range(pieces + 1)]
    return (trials[start:end] for start, end in pairwise(ends))
