"""Worker processes on this machine. They fork from a process that has torch and Lightning loaded."""

import os
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, wait
from contextlib import closing
from functools import partial
from typing import Literal, ParamSpec, TypeVar

import msgspec

from ablate.errors import AblateError
from ablate.execute.engines._base import Engine
from ablate.execute.engines.local import fork_server
from ablate.execute.engines.local.worker import Worker, cause, stop
from ablate.execute.process.hardware import cores
from ablate.execute.train.job import Job, fail, one_by_one
from ablate.store.directory import StudyDirectory
from ablate.store.record import Record

P = ParamSpec("P")
T = TypeVar("T")


class LocalSettings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The `engine` group of `engine=local`."""

    name: Literal["local"]
    workers: int | Literal["auto"]
    threads: int | Literal["auto"]


class Local(Engine):
    """Workers that train one job each at a time; any of them may die."""

    name = "local"
    settings = LocalSettings

    def __init__(self, settings: LocalSettings) -> None:
        self.threads = None if settings.threads == "auto" else settings.threads
        self.workers = cores() // (self.threads or 1) if settings.workers == "auto" else settings.workers
        self.workers = max(self.workers, 1)
        self._caller: Worker | None = None
        """The worker that `call` has started."""

    @classmethod
    def check(cls) -> str:
        """Starts a worker, which loads torch and Lightning, and has it answer."""
        with closing(cls(LocalSettings(name="local", workers=1, threads=1))) as engine:
            return f"a worker started and answered (process {engine.call(os.getpid)})"

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls a function in a worker, which ends with `run` or `close`."""
        if self._caller is None:
            fork_server.ready(self.name)
            self._caller = Worker(engine=self.name, threads=1)
        return self._caller.call(partial(function, *args, **kwargs))

    def close(self) -> None:
        """Ends the worker that `call` has started."""
        caller, self._caller = self._caller, None
        stop([] if caller is None else [caller])

    def run(
        self, jobs: Sequence[Job], *, workers: int | None = None, threads: int | None = None
    ) -> Iterator[tuple[Record, ...]]:
        """Trains the jobs on the workers; yields them as they end.

        Raises:
            StoreError: as every engine.
            EngineError: no process can be started.
        """
        if not jobs:
            return
        if self._caller is None:
            fork_server.ready(self.name)
        self.close()
        waiting, threads = deque(jobs), self.threads or threads or 1
        team = [Worker(engine=self.name, threads=threads) for _ in jobs[: min(self.workers, workers or self.workers)]]
        try:
            for worker in team:
                worker.train(waiting.popleft())
            while busy := {worker.future: worker for worker in team if worker.job is not None}:
                ended: list[tuple[Record, ...]] = []
                for future in wait(busy, return_when=FIRST_COMPLETED).done:
                    worker = busy[future]
                    if worker.retry():
                        continue
                    job, worker.job = worker.job, None
                    assert job is not None
                    if isinstance(future.exception(), BrokenExecutor) and len(job.bundle.trials) > 1:
                        worker.reap()
                        waiting.extend(
                            one_by_one(job)
                        )  # each trial alone: the one that kills its worker fails, the others complete
                    else:
                        ended.append(self._records(job, future.exception(), worker, threads))
                    if waiting:
                        worker.train(
                            waiting.popleft()
                        )  # now: a worker does not wait until the caller takes the results
                yield from ended
        finally:
            stop(team)

    def _records(self, job: Job, error: BaseException | None, worker: Worker, threads: int) -> tuple[Record, ...]:
        if error is None:
            directory = StudyDirectory(job.directory)
            return tuple(directory.record(trial.id) for trial in job.bundle.trials)
        if isinstance(error, AblateError):
            raise error
        if isinstance(error, BrokenExecutor):
            line = f"its worker died: {cause(worker.reap())}"
            text = f"The worker process ended without a Python traceback: {line}.\n"
        else:
            line = f"its worker could not train it: {error!r}"
            text = "".join(traceback.format_exception(error))
        return fail(job, error=line, traceback=text, engine=self.name, threads=threads)
