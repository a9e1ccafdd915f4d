"""Worker processes on this machine, started once, with torch and Lightning loaded before the first of them forks."""

import os
import signal
import threading
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from typing import Literal

import msgspec

from ablate.errors import AblateError
from ablate.execute.engines._base import Engine
from ablate.execute.engines.worker import Died, Worker, context, stop
from ablate.execute.job import Job, fail
from ablate.store.record import Record

WATCH_S = 0.5
"""How often a worker that says nothing is looked after."""


class LocalSettings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The `engine` group of `engine=local`."""

    name: Literal["local"]
    workers: int | Literal["auto"]
    threads: int


class Local(Engine):
    """Workers that train a job each at a time; any of them may die."""

    name = "local"

    def __init__(self, settings: LocalSettings) -> None:
        self._settings = settings
        self.workers = cores() // settings.threads if settings.workers == "auto" else settings.workers
        self.workers = max(self.workers, 1)

    def warm_up(self) -> None:
        """Starts the fork server, which loads torch and Lightning while the driver goes on."""
        from multiprocessing.forkserver import ensure_running

        context()
        if threading.current_thread() is not threading.main_thread():
            return  # signals are the main thread's; the server then starts with the first worker
        # The server ignores Ctrl-C only once it has loaded everything; until then it would print a traceback.
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            ensure_running()
        finally:
            signal.signal(signal.SIGINT, handler)

    def run(self, jobs: Sequence[Job]) -> Iterator[tuple[Record, ...]]:
        """Trains the jobs on the workers; yields them as they end.

        Raises:
            StoreError: as in every engine.
            EngineError: no worker process can be started.
        """
        if not jobs:
            return
        self.warm_up()
        waiting = iter(jobs)
        workers = [Worker(engine=self.name, threads=self._settings.threads) for _ in jobs[: self.workers]]
        try:
            for worker in workers:
                worker.train(next(waiting))
            while busy := [worker for worker in workers if worker.job is not None]:
                wait([worker.future for worker in busy], timeout=WATCH_S, return_when=FIRST_COMPLETED)
                ended: list[tuple[Record, ...]] = []
                for worker in busy:
                    job = worker.job
                    outcome = worker.outcome()
                    if outcome is None:
                        continue
                    if (following := next(waiting, None)) is not None:
                        worker.train(following)  # before anybody hears of this one: a worker waits for no listener
                    assert job is not None
                    ended.append(self._records(outcome, job))
                yield from ended
        finally:
            stop(workers)

    def _records(self, outcome: tuple[Record, ...] | BaseException, job: Job) -> tuple[Record, ...]:
        if isinstance(outcome, AblateError):
            raise outcome
        if not isinstance(outcome, BaseException):
            return outcome
        if isinstance(outcome, Died):
            error = f"its worker died: {_cause(outcome.exitcode)}"
            text = f"The worker process ended without a Python traceback: {_cause(outcome.exitcode)}\n"
        else:
            error = f"its worker could not train it: {outcome!r}"
            text = "".join(traceback.format_exception(outcome))
        return fail(job, error=error, traceback=text, engine=self.name, threads=self._settings.threads)


def cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cause(exitcode: int | None) -> str:
    if exitcode is None:
        return "nobody knows of what"
    if exitcode >= 0:
        return f"exit code {exitcode}"
    name = signal.Signals(-exitcode).name if -exitcode in set(signal.Signals) else str(-exitcode)
    return f"killed by {name}" + (" (out of memory, most often)" if name == "SIGKILL" else "")
