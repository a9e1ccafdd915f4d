"""Worker processes on this machine, started once, with torch and Lightning loaded before the first of them forks."""

import signal
import threading
import traceback
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, wait
from typing import Literal

import msgspec

from ablate.errors import AblateError
from ablate.execute.engines._base import Engine
from ablate.execute.engines.worker import Worker, await_server, context, stop
from ablate.execute.job import Job, fail, one_by_one
from ablate.execute.machine import cores
from ablate.store.directory import StudyDirectory
from ablate.store.record import Record


class LocalSettings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The `engine` group of `engine=local`."""

    name: Literal["local"]
    workers: int | Literal["auto"]
    threads: int | Literal["auto"]


class Local(Engine):
    """Workers that train a job each at a time; any of them may die."""

    name = "local"

    def __init__(self, settings: LocalSettings) -> None:
        self.threads = None if settings.threads == "auto" else settings.threads
        self.workers = cores() // (self.threads or 1) if settings.workers == "auto" else settings.workers
        self.workers = max(self.workers, 1)
        self._is_warm = False

    def warm_up(self) -> None:
        """Starts the fork server, which loads torch and Lightning while the driver goes on."""
        from multiprocessing.forkserver import ensure_running

        if self._is_warm or threading.current_thread() is not threading.main_thread():
            return  # signals are the main thread's; elsewhere the server starts with the first worker
        context()
        # The server ignores Ctrl-C only once it has loaded everything; until then it would print a traceback. It starts
        # to ignore it here, and so does this process for these milliseconds: once only.
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            ensure_running()
        finally:
            signal.signal(signal.SIGINT, handler)
        self._is_warm = True

    def settle(self) -> None:
        """Waits until the fork server has loaded everything and is idle."""
        if self._is_warm:
            await_server(self.name)

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
        self.warm_up()
        await_server(self.name)
        waiting, threads = deque(jobs), self.threads or threads or 1
        team = [Worker(engine=self.name, threads=threads) for _ in jobs[: min(self.workers, workers or self.workers)]]
        try:
            for worker in team:
                worker.train(waiting.popleft())
            while busy := {worker.future: worker for worker in team if worker.job is not None}:
                ended: list[tuple[Record, ...]] = []
                for future in wait(busy, return_when=FIRST_COMPLETED).done:
                    worker = busy[future]
                    if worker.trains_again():
                        continue
                    job, worker.job = worker.job, None
                    assert job is not None
                    if isinstance(future.exception(), BrokenExecutor) and len(job.bundle.trials) > 1:
                        worker.bury()
                        waiting.extend(one_by_one(job))  # a death costs one trial: each shows whether it is its own
                    else:
                        ended.append(self._records(job, future.exception(), worker, threads))
                    if waiting:
                        worker.train(waiting.popleft())  # now: a worker does not wait for who listens
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
            line = f"its worker died: {_cause(worker.bury())}"
            text = f"The worker process ended without a Python traceback: {line}.\n"
        else:
            line = f"its worker could not train it: {error!r}"
            text = "".join(traceback.format_exception(error))
        return fail(job, error=line, traceback=text, engine=self.name, threads=threads)


def _cause(exitcode: int | None) -> str:
    if exitcode is None:
        return "nobody knows of what"
    if exitcode >= 0:
        return f"exit code {exitcode}"
    name = signal.Signals(-exitcode).name if -exitcode in set(signal.Signals) else str(-exitcode)
    return f"killed by {name}" + (" (out of memory, most often)" if name == "SIGKILL" else "")
