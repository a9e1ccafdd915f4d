"""A worker: one process that trains a job at a time, and is replaced when it dies."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_for_any
from typing import TYPE_CHECKING, Any

from ablate.errors import EngineError
from ablate.execute.job import Job
from ablate.store.record import Record

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext

    from pebble import ProcessPool

STARTS = 3
"""Processes that are tried for one job, where they end before they begin it."""

GRACE_S = 2.0
"""How long pebble may take to say how a process ended, once it is gone."""

STOP_S = 10.0
"""How long stopping may take; pebble gives a process 3 s to end by itself, then kills it."""


class Died(Exception):
    """A process ended in the middle of its job. `exitcode` as in multiprocessing; None where nobody knows it."""

    def __init__(self, exitcode: int | None) -> None:
        super().__init__(exitcode)
        self.exitcode = exitcode


class Worker:
    """A pebble pool of one process.

    The processes of a larger pool share pipes and locks: one that is killed while nothing trains breaks the pool, and
    one that is killed as it takes a job or hands in its records stops all others. Here a death costs one process; it
    is watched by its pid, because pebble misses an end with exit code 0, and its pool is replaced with it.
    """

    def __init__(self, *, engine: str, threads: int) -> None:
        self._engine = engine
        self._threads = threads
        self._pool: ProcessPool | None = None
        self._pid: Future[int] = Future()
        self._starts = 0
        self._lost_since: float | None = None
        self.job: Job | None = None
        """What it trains; None: it waits."""
        self.future: Future[tuple[Record, ...]] = Future()
        """Worth a look at `outcome` when it is done."""

    def train(self, job: Job) -> None:
        """Hands over a job.

        Raises:
            EngineError: no process can be started.
        """
        self.job, self._starts = job, 0
        self._schedule()

    def outcome(self) -> tuple[Record, ...] | BaseException | None:
        """What came of the job: its records, or what went wrong; None while it trains.

        A job that a process ended before beginning is handed to the next one.

        Raises:
            EngineError: no process can be started.
        """
        if self.future.done():
            error = self.future.exception()
        elif self._is_lost():
            error = Died(None)
        else:
            return None
        if error is None:
            self.job = None
            return self.future.result()
        if isinstance(error, BrokenProcessPool) and self._starts < STARTS:
            self._schedule()
            return None
        code = getattr(error, "exitcode", None)
        if isinstance(code, int):  # pebble's ProcessExpired
            error = Died(code)
        if isinstance(error, Died):
            self.stop()
        self.job = None
        return error

    def stop(self) -> threading.Thread:
        """Ends the process, whatever it does. The thread that is returned ends when it has."""
        pool, self._pool = self._pool, None
        thread = threading.Thread(target=_end, args=(pool,), daemon=True)
        thread.start()
        return thread

    def _schedule(self) -> None:
        while True:
            self._starts += 1
            try:
                if not self._is_up():
                    self._begin()
                assert self._pool is not None
                self.future = self._pool.schedule(_train, args=(self.job, self._engine, self._threads))
                self._lost_since = None
                return
            except (RuntimeError, OSError) as error:  # it died while it waited, or was never born
                self.stop()
                if self._starts >= STARTS:
                    raise EngineError(
                        f"engine={self._engine} cannot start a process on this machine: {error}. engine=inline needs none."
                    ) from error

    def _begin(self) -> None:
        from pebble import ProcessPool

        self.stop()
        self._pool = ProcessPool(max_workers=1, context=context(), initializer=_start, initargs=(list(sys.path),))
        self._pid = self._pool.schedule(os.getpid)

    def _is_up(self) -> bool:
        if self._pool is None or not self._pool.active:
            return False
        if not self._pid.done():
            return True
        try:
            os.kill(self._pid.result(), 0)
        except (ProcessLookupError, BrokenProcessPool):
            return False
        return True

    def _is_lost(self) -> bool:
        """Whether the process is gone, and pebble has had its time to say how."""
        if self._is_up():
            return False
        self._lost_since = self._lost_since or time.monotonic()
        return time.monotonic() - self._lost_since > GRACE_S


def stop(workers: Iterable[Worker]) -> None:
    """Stops them all at once, and waits until their processes are gone."""
    threads = [worker.stop() for worker in workers]
    deadline = time.monotonic() + STOP_S
    for thread in threads:
        thread.join(max(deadline - time.monotonic(), 0))


def context() -> "ForkServerContext":
    """Workers fork from a server that has torch and Lightning loaded: milliseconds each, not seconds."""
    forkserver = multiprocessing.get_context("forkserver")
    forkserver.set_forkserver_preload(["ablate.execute.bundle"])
    return forkserver


def _end(pool: "ProcessPool | None") -> None:
    if pool is not None:
        pool.stop()
        pool.join()


def _start(path: list[str]) -> None:
    """Runs once in every process."""
    sys.path[:] = path
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the driver's to handle
    driver = multiprocessing.parent_process()
    assert driver is not None

    def outlive_nobody() -> None:
        wait_for_any([driver.sentinel])
        os._exit(1)

    threading.Thread(target=outlive_nobody, daemon=True).start()


def _train(job: Job, engine: str, threads: int) -> tuple[Record, ...]:
    from ablate.execute.bundle import run_bundle

    return run_bundle(job, engine=engine, threads=threads)
