"""A worker: one process that trains a job at a time, and is replaced when it dies."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
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
"""Times that a worker is started for a job before the job counts as failed."""

GRACE_S = 2.0
"""How long pebble may take to say how a process ended, once it is gone."""

STOP_S = 10.0
"""How long stopping may take: pebble itself gives a process 3 s to end, then kills it."""


class Died(Exception):
    """A worker's process is gone, and its job with it. `exitcode` as in multiprocessing; None where nobody knows."""

    def __init__(self, exitcode: int | None) -> None:
        super().__init__(exitcode)
        self.exitcode = exitcode


class Worker:
    """A pebble pool of one process.

    In a pool of several, they share pipes and locks: one that is killed while nothing trains breaks the pool, and one
    that is killed as it takes a job or hands in its records stops the others for good. Of a pool of one, nothing is
    lost but that process; it is watched by its pid, and the pool is replaced with it.
    """

    def __init__(self, engine: str, threads: int) -> None:
        self._engine = engine
        self._threads = threads
        self._pool: ProcessPool | None = None
        self._starts = 0
        self._gone_since: float | None = None
        self.job: Job | None = None
        self.future: Future[Any] = Future()
        """Done when the job is; `outcome` says what came of it."""

    def train(self, job: Job) -> None:
        """Hands over a job.

        Raises:
            EngineError: no process can be started.
        """
        self.job = job
        self._starts = 0
        self._schedule()

    def outcome(self) -> tuple[Record, ...] | BaseException | None:
        """What came of the job: its records, or what went wrong; None while it trains.

        A job that its process never began is handed to another one.

        Raises:
            EngineError: no process can be started.
        """
        error: BaseException | None
        if self.future.done():
            error = self.future.exception()
        elif self._waited_out():
            error = Died(None) if self._pid() is not None else BrokenProcessPool("its process was never there")
        else:
            return None
        if error is None:
            return self.future.result()
        code = getattr(error, "exitcode", None)
        if isinstance(error, BrokenProcessPool):
            self.stop()
            if self._starts < STARTS:
                self._schedule()
                return None
        elif isinstance(error, Died) or isinstance(code, int):
            self.stop()
            return Died(code)
        return error

    def stop(self) -> threading.Thread:
        """Ends the process, whatever it does; the thread that is returned ends when it has."""
        pool, self._pool = self._pool, None
        thread = threading.Thread(target=_end, args=(pool,), daemon=True)
        thread.start()
        return thread

    def _schedule(self) -> None:
        self._gone_since = None
        for _ in range(STARTS):
            if not self._is_ready():
                self.stop()
            self._starts += 1
            try:
                if self._pool is None:
                    self._pool = _pool()
                    self._hello = self._pool.schedule(os.getpid)
                self.future = self._pool.schedule(_train, args=(self.job, self._engine, self._threads))
            except RuntimeError as error:  # it died while it waited, or was never born
                cause: BaseException = error
                self.stop()
            except OSError as error:
                cause = error
            else:
                return
        raise EngineError(
            f"engine={self._engine} cannot start worker processes here: {cause}. engine=inline needs none."
        ) from cause

    def _is_ready(self) -> bool:
        return self._pool is not None and self._pool.active and not self._is_gone()

    def _pid(self) -> int | None:
        return self._hello.result() if self._hello.done() and self._hello.exception() is None else None

    def _is_gone(self) -> bool:
        pid = self._pid()
        if pid is None:
            return False
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return False

    def _waited_out(self) -> bool:
        """Whether the process is gone without pebble having said so: it misses an exit with code 0, for one."""
        if self._is_ready():
            return False
        self._gone_since = self._gone_since or time.monotonic()
        return time.monotonic() - self._gone_since > GRACE_S


def end(workers: Sequence[Worker]) -> None:
    """Stops them all, at once."""
    threads = [worker.stop() for worker in workers]
    deadline = time.monotonic() + STOP_S
    for thread in threads:
        thread.join(max(deadline - time.monotonic(), 0))


def context() -> "ForkServerContext":
    """Workers fork from a server that has torch and Lightning loaded: milliseconds each, not seconds."""
    forkserver = multiprocessing.get_context("forkserver")
    forkserver.set_forkserver_preload(["ablate.execute.bundle"])
    return forkserver


def _pool() -> "ProcessPool":
    from pebble import ProcessPool

    return ProcessPool(max_workers=1, context=context(), initializer=_start, initargs=(list(sys.path),))


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
