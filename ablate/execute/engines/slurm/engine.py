"""Jobs of a Slurm cluster: each bundle is a task of a job array. They run on when the driver has ended."""

import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Literal, ParamSpec, TypeVar

import msgspec

from ablate.errors import ConfigError
from ablate.execute.engines.local import fork_server
from ablate.execute.engines.local.worker import Worker
from ablate.execute.engines.slurm import queue, submission
from ablate.execute.engines.slurm.arrays import Arrays, Ending
from ablate.execute.engines.slurm.submission import Resources
from ablate.execute.engines.team import Retrying, stop
from ablate.execute.process.interruption import interruption_deferred
from ablate.execute.train.job import Job, fail
from ablate.store.record import Record

P = ParamSpec("P")
T = TypeVar("T")


class SlurmSettings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The `engine` group of `engine=slurm`."""

    name: Literal["slurm"]
    array_parallelism: int = 16
    threads: int = 1
    partition: str | None = None
    time_min: int | None = None
    memory_gb: float | None = None
    gpus: int = 0
    constraint: str | None = None
    setup: tuple[str, ...] = ()
    python: str | None = None
    options: tuple[str, ...] = ()
    retries: int = 1
    checkpoint_min: float | None = None
    budget_h: float | None = None
    poll_s: float = 10.0


class Slurm(Retrying):
    """Bundles are tasks of job arrays. A driver hands them in and waits for them, or collects what another has."""

    name = "slurm"
    settings = SlurmSettings
    detaches = True

    def __init__(self, settings: SlurmSettings) -> None:
        _check(settings)
        self.threads = settings.threads
        self.workers = settings.array_parallelism
        self.retries = settings.retries
        self.checkpoint_min = settings.checkpoint_min
        self.budget_h = settings.budget_h
        self.gpus_per_worker = float(settings.gpus) or None
        self._settings = settings
        self._resources = Resources(
            threads=settings.threads,
            partition=settings.partition,
            time_min=settings.time_min,
            memory_gb=settings.memory_gb,
            gpus=settings.gpus,
            constraint=settings.constraint,
            options=settings.options,
        )
        self._caller: Worker | None = None
        """The worker on this machine that `call` has started."""
        self._is_checked = False

    @classmethod
    def check(cls) -> str:
        """Asks Slurm whether it would take a job; none is submitted."""
        with closing(cls(SlurmSettings(name="slurm"))) as engine:
            submission.check(engine._resources)
        return f"{queue.version()} takes jobs"

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls a function in a worker on this machine. Before the first, asks Slurm whether it would take the jobs."""
        if not self._is_checked:
            submission.check(self._resources)
            self._is_checked = True
        if self._caller is None:
            fork_server.ready(self.name)
            self._caller = Worker(engine=self.name, threads=1)
        return self._caller.call(partial(function, *args, **kwargs), retries=self.retries)

    def close(self) -> None:
        """Ends the worker that `call` has started."""
        caller, self._caller = self._caller, None
        stop([] if caller is None else [caller])

    def run(
        self, jobs: Sequence[Job], *, workers: int | None = None, threads: int | None = None
    ) -> Iterator[tuple[Record, ...]]:
        """Submits the jobs that are not in Slurm yet, and yields the records of all as they end.

        Closed early, it cancels what it has submitted, and what another driver has submitted and was to collect. What
        was left to itself runs on.

        Raises:
            StoreError: as every engine.
            EngineError: Slurm refuses a job.
        """
        if not jobs:
            return
        self.close()
        threads = self.threads or threads or 1
        self._lost, self._unbegun = Counter(), Counter()
        arrays = self._arrays(jobs)
        try:
            waiting = deque(arrays.adopt([replace(job, may_wait=True) for job in jobs]))
            alone: deque[Job] = deque()  # they have run out of memory, and wait until nothing trains beside them
            while True:
                ended: list[tuple[Record, ...]] = []
                with interruption_deferred():
                    for ending in arrays.ended():
                        records, again = self._ending(ending, threads)
                        arrays.collect(ending)
                        ended += [records] if records else []
                        for job in again:
                            (waiting if job.may_wait else alone).append(job)
                    self._submit(arrays, waiting, cap=self._cap(workers), threads=threads)
                    if alone and not arrays.in_flight:
                        self._submit(arrays, alone, cap=1, threads=threads)
                yield from ended
                if not (waiting or alone or arrays.in_flight):
                    return
                arrays.wait()
        finally:
            with interruption_deferred():
                arrays.close()

    def submit(self, jobs: Sequence[Job], *, workers: int | None = None, threads: int | None = None) -> str:
        """Submits the jobs that are not in Slurm yet, and leaves all there; returns what there is now, in words.

        Raises:
            StoreError: a batch cannot be written.
            EngineError: Slurm refuses a job.
        """
        self.close()
        arrays = self._arrays(jobs)
        waiting = deque(arrays.adopt([replace(job, may_wait=True) for job in jobs]))
        before, threads = arrays.in_flight, self.threads or threads or 1
        with interruption_deferred():
            self._submit(arrays, waiting, cap=self._cap(workers), threads=threads, is_detached=True)
            count, ids = arrays.in_flight, arrays.ids
            arrays.detach()
        were = f", {before} of them since before" if before else ""
        return (
            f"{count} {'job is' if count == 1 else 'jobs are'} in Slurm{were} (array {', '.join(map(str, ids))}). The "
            "same command without --detach waits for them and collects what they have found."
        )

    def _arrays(self, jobs: Sequence[Job]) -> Arrays:
        (directory,) = {job.directory for job in jobs}
        return Arrays(directory, on_message=self.on_message, poll_s=self._settings.poll_s)

    def _cap(self, workers: int | None) -> int:
        return min(self.workers, workers or self.workers)

    def _submit(
        self, arrays: Arrays, waiting: deque[Job], *, cap: int, threads: int, is_detached: bool = False
    ) -> None:
        """Submits all jobs that wait, unless as many run as may: then they wait on, here or, if detached, in Slurm."""
        left = cap - arrays.running_at_most
        if not waiting or (left < 1 and not is_detached):
            return
        most, in_turn = queue.largest_array(), left < 1
        while waiting:
            arrays.submit(
                [waiting.popleft() for _ in range(min(most, len(waiting)))],
                replace(self._resources, threads=threads),
                cap=cap if in_turn else left,
                is_detached=is_detached,
                setup=self._settings.setup,
                python=self._settings.python or sys.executable,
                in_turn=in_turn,
            )
            in_turn = True

    def _ending(self, ending: Ending, threads: int) -> tuple[tuple[Record, ...], tuple[Job, ...]]:
        """What is to be said and done when a task has ended."""
        how = ending.how
        if how.died is not None and (ending.is_cancelled or (ending.is_last and len(ending.job.bundle.trials) == 1)):
            text = f"The job in Slurm ended without a Python traceback: {how.died}.\n"
            return fail(ending.job, error=how.died, traceback=text, engine=self.name, threads=threads), ()
        return self._ended(ending.job, how, threads)


def _check(settings: SlurmSettings) -> None:
    """Checks the numbers.

    Raises:
        ConfigError: one is not possible.
    """
    for key in ("array_parallelism", "time_min"):
        count = getattr(settings, key)
        if count is not None and count < 1:
            raise ConfigError(f"engine.{key}={count} trains nothing: it must be 1 or more.")
    if settings.memory_gb is not None and not settings.memory_gb > 0:
        raise ConfigError(f"engine.memory_gb={settings.memory_gb:g} must be more than 0, or null.")
    if settings.gpus not in (0, 1):
        raise ConfigError(
            f"engine.gpus={settings.gpus} must be 0 or 1: a job trains on one GPU. engine.array_parallelism says how "
            "many jobs run at a time."
        )
    if not settings.poll_s > 0:
        raise ConfigError(f"engine.poll_s={settings.poll_s:g} must be more than 0.")
