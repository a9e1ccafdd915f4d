"""Worker processes on this machine, started once, with torch and Lightning loaded before the first of them forks."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from multiprocessing.connection import wait as wait_for_any
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from ablate.errors import AblateError
from ablate.execute.engines._base import Engine
from ablate.execute.job import Job, fail
from ablate.execute.machine import cores
from ablate.store.record import Record

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext

AHEAD = 2
"""Jobs per worker that are handed over at a time: a worker never waits, and the driver's memory stays flat."""


class LocalSettings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The `engine` group of `engine=local`."""

    name: Literal["local"]
    workers: int | Literal["auto"]
    threads: int


class Local(Engine):
    """A pool of single-trial workers that survives the death of any of them (pebble's ProcessPool)."""

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
        """Trains the jobs on the workers; yields them as they end."""
        from pebble import ProcessPool

        workers = min(self.workers, len(jobs))
        pool = ProcessPool(max_workers=workers, context=context(), initializer=_start, initargs=(list(sys.path),))
        waiting = iter(jobs)
        running: dict[Future[Any], Job] = {}
        try:
            while True:
                for job in waiting:
                    running[pool.schedule(_train, args=(job, self._settings.threads))] = job
                    if len(running) >= AHEAD * workers:
                        break
                if not running:
                    return
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield self._records(future, running.pop(future))
        finally:
            pool.stop()
            pool.join()

    def _records(self, future: "Future[Any]", job: Job) -> tuple[Record, ...]:
        error = future.exception()
        if error is None:
            return future.result()
        if isinstance(error, AblateError):
            raise error
        return fail(
            job,
            error=f"its worker died: {_cause(error)}",
            traceback=f"The worker process ended without a Python traceback: {_cause(error)}\n{error!r}\n",
            engine=self.name,
            threads=self._settings.threads,
        )


def context() -> "ForkServerContext":
    """Workers fork from a server that has torch and Lightning loaded: milliseconds each, not seconds."""
    forkserver = multiprocessing.get_context("forkserver")
    forkserver.set_forkserver_preload(["ablate.execute.bundle"])
    return forkserver


def _start(path: list[str]) -> None:
    """Runs once in every worker."""
    sys.path[:] = path
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the driver's to handle
    driver = multiprocessing.parent_process()
    assert driver is not None

    def outlive_nobody() -> None:
        wait_for_any([driver.sentinel])
        os._exit(1)

    threading.Thread(target=outlive_nobody, daemon=True).start()


def _train(job: Job, threads: int) -> tuple[Record, ...]:
    from ablate.execute.bundle import run_bundle

    return run_bundle(job, engine=Local.name, threads=threads)


def _cause(error: BaseException) -> str:
    code = getattr(error, "exitcode", None)
    if not isinstance(code, int):
        return repr(error)
    if code >= 0:
        return f"exit code {code}"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
    return f"killed by {name}" + (" (out of memory, most often)" if name == "SIGKILL" else "")
