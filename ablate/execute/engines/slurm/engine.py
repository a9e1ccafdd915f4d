"""Bundles as tasks of Slurm job arrays, which run on when the driver has ended."""

import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Literal, ParamSpec, TypeVar

import msgspec

from ablate.errors import ConfigError, EngineError
from ablate.execute.engines.local.caller import Caller
from ablate.execute.engines.retrying import Retrying
from ablate.execute.engines.slurm import commands, submission
from ablate.execute.engines.slurm.array import TaskOutcome
from ablate.execute.engines.slurm.arrays import Arrays
from ablate.execute.engines.slurm.submission import Resources
from ablate.execute.process.interruption import interruption_deferred
from ablate.execute.process.visible_gpus import for_other_machines
from ablate.execute.train.job import Job, record_failures
from ablate.plan.machine import Cluster
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
    """Submits bundles as tasks of job arrays, and waits for these and for those that an earlier driver submitted."""

    name = "slurm"
    settings = SlurmSettings
    detaches = True

    def __init__(self, settings: SlurmSettings) -> None:
        _check_numbers(settings)
        self.threads = settings.threads
        self.workers = settings.array_parallelism
        self.retries = settings.retries
        self.checkpoint_min = settings.checkpoint_min
        self.budget_h = settings.budget_h
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
        self._caller = Caller(self.name, retries=self.retries)
        self._is_checked = False

    @property
    def cluster(self) -> Cluster:
        """Each job has memory, and a GPU if any, of its own."""
        memory_gb = self._settings.memory_gb
        return Cluster(
            machines=self.workers,
            gpus=self.workers * self._settings.gpus,
            host_bytes=None if memory_gb is None else round(memory_gb * 1e9),
        )

    @property
    def gpus_per_worker(self) -> float | None:
        """Those of each job."""
        return float(self._settings.gpus) or None

    @classmethod
    def check(cls) -> str:
        """Asks Slurm whether it would accept a job. Submits none."""
        with closing(cls(SlurmSettings(name="slurm"))) as engine:
            submission.check(engine._resources)
        return f"{commands.version()} takes jobs"

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls a function in a worker on this machine. The first call asks Slurm whether it would accept the jobs."""
        if not self._is_checked:
            submission.check(self._resources)
            self._is_checked = True
        return self._caller.call(partial(for_other_machines, partial(function, *args, **kwargs)))

    def close(self) -> None:
        """Ends the worker that `call` has started."""
        self._caller.close()

    def run(
        self, jobs: Sequence[Job], *, workers: int | None = None, threads: int | None = None
    ) -> Iterator[tuple[Record, ...]]:
        """Submits the jobs that are not in Slurm yet, and yields the records of all jobs as they end.

        Closing the iterator early cancels the jobs, but not those that were submitted with `--detach`.

        Raises:
            StoreError: as `Engine.run`.
            EngineError: Slurm refuses a job.
        """
        if not jobs:
            return
        self.close()
        threads = self.threads or threads or 1
        self._reset_losses()
        arrays = self._arrays(jobs)
        try:
            waiting = deque(arrays.adopt([replace(job, may_wait=True) for job in jobs]))
            alone: deque[Job] = deque()  # out of memory: each waits until no other job trains
            refusal: str | None = None
            while True:
                finished: list[tuple[Record, ...]] = []
                with interruption_deferred():
                    for ended in arrays.outcomes():
                        records, again = self._handle_task(ended, threads)
                        arrays.collect(ended)
                        finished += [records] if records else []
                        for job in again:
                            (waiting if job.may_wait else alone).append(job)
                    if refusal is None or not arrays.running_at_most:
                        refusal = self._submit(arrays, waiting, cap=self._cap(workers), threads=threads)
                        if refusal is not None:
                            arrays.say_once(
                                "Slurm does not take all jobs yet. The others are submitted when those that it has "
                                f"have ended. It says: {refusal}."
                            )
                    if alone and not arrays.in_flight:
                        self._submit(arrays, alone, cap=1, threads=threads)
                yield from finished
                if not (waiting or alone or arrays.in_flight):
                    return
                arrays.wait()
        finally:
            with interruption_deferred():
                arrays.close()

    def submit(self, jobs: Sequence[Job], *, workers: int | None = None, threads: int | None = None) -> str:
        """Submits the jobs that are not in Slurm yet, and leaves all there. Returns a message about them.

        Raises:
            StoreError: a batch cannot be written.
            EngineError: Slurm refuses a job.
        """
        self.close()
        arrays = self._arrays(jobs)
        waiting = deque(arrays.adopt([replace(job, may_wait=True) for job in jobs]))
        before, threads = arrays.in_flight, self.threads or threads or 1
        with interruption_deferred():
            refusal = self._submit(arrays, waiting, cap=self._cap(workers), threads=threads, is_detached=True)
            count, ids = arrays.in_flight, arrays.ids
            arrays.detach()
        earlier = f", {before} of them from an earlier command" if before else ""
        left = f" Slurm does not take {len(waiting)} more yet: the same command submits them later. It says: {refusal}."
        return (
            f"{count} {'job is' if count == 1 else 'jobs are'} in Slurm{earlier} (array {', '.join(map(str, ids))}). "
            f"The same command without --detach waits for them and collects their results.{left if waiting else ''}"
        )

    def _arrays(self, jobs: Sequence[Job]) -> Arrays:
        (directory,) = {job.directory for job in jobs}
        return Arrays(directory, on_message=self.on_message, poll_s=self._settings.poll_s)

    def _cap(self, workers: int | None) -> int:
        return min(self.workers, workers or self.workers)

    def _submit(
        self, arrays: Arrays, waiting: deque[Job], *, cap: int, threads: int, is_detached: bool = False
    ) -> str | None:
        """Submits all waiting jobs, if fewer than `cap` may run already. Detached jobs are submitted in any case.

        A detached array above the cap starts when the array before it has ended. Where Slurm takes no more jobs than it
        has, the others stay in `waiting`, and its words are returned.

        Raises:
            StoreError: a batch cannot be written.
            EngineError: Slurm takes no job, and no other is in flight that could make room for it.
        """
        left = cap - arrays.running_at_most
        if not waiting or (left < 1 and not is_detached):
            return None
        most, in_turn = commands.max_array_tasks(), left < 1
        while waiting:
            jobs = list(islice(waiting, most))
            try:
                arrays.submit(
                    jobs,
                    replace(self._resources, threads=threads),
                    cap=cap if in_turn else left,
                    is_detached=is_detached,
                    setup=self._settings.setup,
                    python=self._settings.python or sys.executable,
                    in_turn=in_turn,
                )
            except EngineError as error:
                if arrays.in_flight:
                    return str(error.__cause__ or error)
                if len(jobs) == 1 or not isinstance(error, submission.SubmitLimitError):
                    raise
                most = len(jobs) // 2
                continue
            for _ in jobs:
                waiting.popleft()
            in_turn = True
        return None

    def _handle_task(self, ended: TaskOutcome, threads: int) -> tuple[tuple[Record, ...], tuple[Job, ...]]:
        """The records of a task that has ended, and the jobs that are to be trained again."""
        job, died = ended.job, ended.outcome.died
        if died is not None and (ended.is_cancelled or (ended.is_final and len(job.bundle.trials) == 1)):
            text = f"The job in Slurm ended without a Python traceback: {died}.\n"
            return record_failures(job, error=died, traceback=text, engine=self.name, threads=threads), ()
        return self._handle(job, ended.outcome, threads)


def _check_numbers(settings: SlurmSettings) -> None:
    """Checks the numbers of the settings.

    Raises:
        ConfigError: a number is out of range.
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
