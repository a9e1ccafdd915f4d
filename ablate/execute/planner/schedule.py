"""Schedules the missing trials of a study by what has been measured."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ablate.execute.planner import makespan
from ablate.execute.planner.candidate import Candidate, Candidates
from ablate.execute.planner.memory import PROCESS, available
from ablate.execute.planner.timing_cache import MeasuredPaces
from ablate.execute.process.hardware import empty_cache
from ablate.execute.process.import_path import user_modules_first
from ablate.execute.process.isolation import isolated_process
from ablate.execute.targets.user_errors import as_user_errors
from ablate.plan.bundle import Bundle, bundles
from ablate.plan.schedule import Schedule
from ablate.plan.trial import Trial

FASTER = 0.9
"""Of the seconds that one thread takes, what more of them may take at most to be used."""

START = 0.15
"""Seconds until workers have started, about."""


@user_modules_first()
def schedule(planned: Iterable[Trial], missing: Iterable[Trial], *, workers: int, threads: int | None = 1) -> Schedule:
    """Schedules the missing trials of a study.

    Whether a trial is stacked, and the number of threads, follow from the whole plan and from what has been measured
    here, not from what is there already: a trial whose like are all there is a stack of one. Where others are measured,
    on another machine for one, results differ by rounding.

    Args:
        planned: The whole study.
        missing: Those of it that are to be trained.
        workers: Jobs that may be trained at a time: there is a bundle for each, if there are trials enough.
        threads: CPU threads of each worker; None: more than one where there are fewer trials than workers and it pays.

    Raises:
        AblateError: a network or its data cannot be built.
    """
    planned = tuple(planned)
    place = {trial.id: index for index, trial in enumerate(missing)}
    if not place:
        return Schedule(bundles=(), workers=workers, threads=threads or 1, seconds=0.0)
    paces = MeasuredPaces()
    with as_user_errors():
        count = threads or _threads(planned, workers, paces)
        with isolated_process(threads=count):
            made = _Arranged.of(planned, place, paces, workers=workers, threads=count)
    paces.keep()
    empty_cache()
    return made.schedule(place, threads=count)


@dataclass(frozen=True, kw_only=True)
class _Arranged:
    """Bundles with what is known of them."""

    bundles: tuple[Bundle, ...]
    candidates: tuple[Candidate, ...]
    """The candidate that each is of."""
    workers: int
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls, planned: Sequence[Trial], place: dict[str, int], paces: MeasuredPaces, *, workers: int, threads: int
    ) -> "_Arranged":
        looker, alone, stacks = Candidates(paces, threads=threads), [], []
        lone = "there is a worker for each trial" if len(planned) <= workers else ""
        judged: list[tuple[tuple[Trial, ...], Candidate, int | None]] = []
        for group in bundles(planned):
            if left := tuple(trial for trial in group.trials if trial.id in place):
                found = looker.judged(group.trials, lone=lone)
                judged.append((left, found, available(looker.device(group.trials[0].config)) if found.bytes else None))
        room = [limit // (PROCESS + found.bytes) for _, found, limit in judged if limit is not None and found.bytes]
        fitting = max(1, min([workers, *room]))
        for left, found, limit in judged:
            width = found.width
            if limit is not None and found.bytes:
                width = max(1, min(width, (limit // fitting - PROCESS) // found.bytes))
            if found.reason or (width < 2 <= found.width):
                reason = found.reason or "there is memory for one at a time"
                alone += [(Bundle(trials=(trial,), reason=reason), found) for trial in left]
            else:
                stacks += [(piece, found) for piece in _cut(left, -(-len(left) // width))]
        notes = () if fitting == workers else (f"There is memory for {fitting} of {workers} trials at a time.",)
        while stacks and len(stacks) + len(alone) < workers and len((largest := max(stacks, key=_members))[0]) > 1:
            stacks.remove(largest)
            stacks += [(piece, largest[1]) for piece in _cut(largest[0], 2)]
        made = [
            *alone,
            *((Bundle(trials=piece, stacked=True, conv_as_matmul=found.matrices), found) for piece, found in stacks),
        ]
        return cls(
            bundles=tuple(bundle for bundle, _ in made),
            candidates=tuple(found for _, found in made),
            workers=fitting,
            notes=notes,
        )

    def schedule(self, place: dict[str, int], *, threads: int) -> Schedule:
        known = [c.seconds(len(b.trials)) for b, c in zip(self.bundles, self.candidates, strict=True)]
        seconds = [s for s in known if s is not None]
        in_plan = sorted(range(len(known)), key=lambda i: place[self.bundles[i].trials[0].id])
        if len(seconds) < len(known):
            chosen, total = in_plan, None
        else:
            blocks = [self.bundles[i].trials[0].replicate for i in in_plan]
            order = makespan.order([seconds[i] for i in in_plan], blocks, workers=self.workers)
            chosen = [in_plan[k] for k in order]
            total = START + makespan.makespan([seconds[i] for i in chosen], workers=self.workers)
        return Schedule(
            bundles=tuple(self.bundles[i] for i in chosen),
            workers=self.workers,
            threads=threads,
            seconds=total,
            notes=self.notes,
        )


def _threads(planned: Sequence[Trial], workers: int, paces: MeasuredPaces) -> int:
    """More than one thread for each trial, where there are fewer trials than workers, and the first of them gains."""
    many = workers // len(planned)
    if many < 2:
        return 1
    lone = "there is a worker for each trial"
    seconds: list[float | None] = []
    for count in (1, many):
        with isolated_process(threads=count):
            seconds.append(Candidates(paces, threads=count).judged(planned[:1], lone=lone).seconds(1))
    one, more = seconds
    return many if one is not None and more is not None and more < FASTER * one else 1


def _members(stack: tuple[tuple[Trial, ...], Candidate]) -> int:
    return len(stack[0])


def _cut(trials: tuple[Trial, ...], pieces: int) -> Iterator[tuple[Trial, ...]]:
    """Pieces of nearly equal length."""
    ends = [len(trials) * k // pieces for k in range(pieces + 1)]
    return (trials[start:end] for start, end in pairwise(ends))
