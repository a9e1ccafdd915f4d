"""Schedules the missing trials of a study, by timings of this machine."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ablate.execute.planner import makespan
from ablate.execute.planner.candidate import Candidate, Candidates
from ablate.execute.planner.memory import PROCESS_BYTES, available
from ablate.execute.planner.timing_cache import TimingCache
from ablate.execute.process.hardware import empty_cache
from ablate.execute.process.import_path import user_modules_last
from ablate.execute.process.isolation import isolated_process
from ablate.execute.process.unseen_gpu import unseen_gpu
from ablate.execute.targets.user_errors import as_user_errors
from ablate.plan.bundle import Bundle, bundles
from ablate.plan.schedule import Schedule
from ablate.plan.trial import Trial

MAX_THREADED_SHARE = 0.9
"""Several threads are used if they take at most this share of the time of one."""

WORKER_START_S = 0.15
"""Time until workers have started, approximately."""

WORKER_FOR_EACH = "there is a worker for each trial"
"""Why trials train alone where nothing is gained by stacking them."""


@user_modules_last()
def schedule(planned: Iterable[Trial], missing: Iterable[Trial], *, workers: int, threads: int | None = 1) -> Schedule:
    """Schedules the missing trials of a study.

    Whether a trial is stacked, and the number of threads, depend on the whole study and on the timings of this machine,
    not on which trials are missing: a single missing trial of a stack is a stack of one. Another machine may have other
    timings; results then differ by rounding.

    Args:
        planned: The whole study.
        missing: The trials to train.
        workers: Jobs that may train at a time. There is a bundle for each, if there are enough trials.
        threads: CPU threads of each worker; None: more than one where there are fewer trials than workers and that is
            faster.

    Raises:
        AblateError: a network or its data cannot be built.
    """
    planned = tuple(planned)
    place = {trial.id: index for index, trial in enumerate(missing)}
    if not place:
        return Schedule(bundles=(), workers=workers, threads=threads or 1, seconds=0.0)
    cache = TimingCache()
    with as_user_errors():
        count = threads or _threads(planned, workers, cache)
        with isolated_process(threads=count):
            made = _Arranged.of(planned, place, cache, workers=workers, threads=count)
    cache.write()
    empty_cache()
    found = made.schedule(place, threads=count)
    return found if cache.damage is None else replace(found, notes=(cache.damage, *found.notes))


@dataclass(frozen=True, kw_only=True)
class _Arranged:
    """Bundles, each with the candidate that it is part of."""

    bundles: tuple[Bundle, ...]
    candidates: tuple[Candidate, ...]
    workers: int
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls, planned: Sequence[Trial], place: dict[str, int], cache: TimingCache, *, workers: int, threads: int
    ) -> "_Arranged":
        candidates, alone, stacks = Candidates(cache, threads=threads), [], []
        reason = WORKER_FOR_EACH if len(planned) <= workers else ""
        groups: list[tuple[tuple[Trial, ...], Candidate, int | None]] = []
        for group in bundles(planned):
            if left := tuple(trial for trial in group.trials if trial.id in place):
                found = candidates.examine(group.trials, reason=reason)
                limit = available(candidates.device(group.trials[0].config)) if found.bytes else None
                groups.append((left, found, limit))
        room = [
            limit // (PROCESS_BYTES + found.bytes) for _, found, limit in groups if limit is not None and found.bytes
        ]
        fitting = max(1, min([workers, *room]))
        for left, found, limit in groups:
            width = found.width
            if limit is not None and found.bytes:
                width = max(1, min(width, (limit // fitting - PROCESS_BYTES) // found.bytes))
            if found.reason or (width < 2 <= found.width):
                reason = found.reason or "there is memory for one at a time"
                alone += [(Bundle(trials=(trial,), reason=reason), found) for trial in left]
            else:
                stacks += [(piece, found) for piece in _cut(left, -(-len(left) // width))]
        notes = () if fitting == workers else (f"There is memory for {fitting} of {workers} trials at a time.",)
        if (unseen := unseen_gpu()) and any(t.config.trainer.settings.accelerator == "auto" for t in planned):
            notes = (*notes, unseen)
        while stacks and len(stacks) + len(alone) < workers and len((largest := max(stacks, key=_members))[0]) > 1:
            stacks.remove(largest)
            stacks += [(piece, largest[1]) for piece in _cut(largest[0], 2)]
        made = [
            *alone,
            *(
                (Bundle(trials=piece, stacked=True, conv_as_matmul=found.conv_as_matmul), found)
                for piece, found in stacks
            ),
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
            total = WORKER_START_S + makespan.makespan([seconds[i] for i in chosen], workers=self.workers)
        return Schedule(
            bundles=tuple(self.bundles[i] for i in chosen),
            workers=self.workers,
            threads=threads,
            seconds=total,
            notes=self.notes,
        )


def _threads(planned: Sequence[Trial], workers: int, cache: TimingCache) -> int:
    """Several threads for each trial, if there are fewer trials than workers and the first is faster with them."""
    many = workers // len(planned)
    if many < 2:
        return 1
    seconds: list[float | None] = []
    for count in (1, many):
        with isolated_process(threads=count):
            candidate = Candidates(cache, threads=count).examine(planned[:1], reason=WORKER_FOR_EACH)
            seconds.append(candidate.seconds(1))
    one, more = seconds
    return many if one is not None and more is not None and more < MAX_THREADED_SHARE * one else 1


def _members(stack: tuple[tuple[Trial, ...], Candidate]) -> int:
    return len(stack[0])


def _cut(trials: tuple[Trial, ...], pieces: int) -> Iterator[tuple[Trial, ...]]:
    """Pieces of nearly equal length."""
    ends = [len(trials) * k // pieces for k in range(pieces + 1)]
    return (trials[start:end] for start, end in pairwise(ends))
