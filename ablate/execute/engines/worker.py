"""A worker: one process that trains a job at a time, and is replaced when it dies."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future
from contextlib import contextmanager
from multiprocessing.connection import wait as wait_for_any
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import TYPE_CHECKING, Any

from ablate.errors import EngineError
from ablate.execute.job import Job

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

STOP_S = 3.0
"""How long a process has to end by itself before it is killed."""

TRIES = 3
"""Processes that a job is handed to, where they die before they begin it."""


class Worker:
    """An executor of one process.

    The processes of a larger pool share its pipes and locks, so that the death of one, at a bad moment, breaks the pool
    or stops the others for good. Here a death costs one process and the job that it was at.
    """

    def __init__(self, *, engine: str, threads: int) -> None:
        self._engine = engine
        self._threads = threads
        self._executor: ProcessPoolExecutor | None = None
        self._context = context()
        self._begun = self._context.RawValue("b", 0)  # the process tells by it that it has the job in hand
        self._tries = 0
        self.job: Job | None = None
        """What it trains; None: it waits."""
        self.future: Future[Any] = Future()
        """Done when the job's records are on disk; BrokenExecutor where the process died."""

    def train(self, job: Job) -> None:
        """Hands over a job, to a new process where the last one is gone.

        Raises:
            EngineError: no process can be started.
        """
        self.job, self._tries = job, 0
        self._submit(job)

    def trains_again(self) -> bool:
        """Hands the job to another process where the last one died before it began; says whether it did.

        Raises:
            EngineError: no process can be started.
        """
        died = isinstance(self.future.exception(), BrokenExecutor)
        if self.job is None or not died or self._begun.value or self._tries >= TRIES:
            return False
        self.bury()
        self._submit(self.job)
        return True

    def bury(self) -> int | None:
        """Gives up a process that has ended, and says its exit code, as in multiprocessing."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=True, cancel_futures=True)  # its thread reads the exit code: only one may
        process, self._context.process = self._context.process, None
        return None if process is None else process.exitcode

    def terminate(self) -> None:
        """Asks the process to end, whatever it does."""
        if (process := self._context.process) is not None and process.is_alive():
            process.terminate()

    def stop(self) -> None:
        """Waits until the process has ended, and sees to it that it does."""
        if (process := self._context.process) is not None and process.is_alive():
            process.join(STOP_S)
            process.kill()
        self.bury()

    def _submit(self, job: Job) -> None:
        self._tries += 1
        self._begun.value = 0
        with _explained(self._engine), _undisturbed():
            try:
                self.future = self._up().submit(_train, job, self._engine, self._threads)
            except BrokenExecutor:  # it died while it waited
                self.bury()
                self.future = self._up().submit(_train, job, self._engine, self._threads)

    def _up(self) -> "ProcessPoolExecutor":
        from concurrent.futures import ProcessPoolExecutor

        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                max_workers=1, mp_context=self._context, initializer=_start, initargs=(list(sys.path), self._begun)
            )
        return self._executor


def stop(workers: Sequence[Worker]) -> None:
    """Ends all of them: first every one is asked, then each is waited for."""
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.stop()


def context() -> "_Context":
    """Workers fork from a server that has torch and Lightning loaded: milliseconds each, not seconds."""
    forkserver = _Context()
    forkserver.set_forkserver_preload(["ablate.execute.bundle"])
    return forkserver


def await_server(engine: str) -> None:
    """Waits until the fork server has loaded everything: whoever loses patience here leaves nothing half-started.

    Raises:
        EngineError: no process can be started.
    """
    with _explained(engine):
        process = context().Process()  # does nothing, and starts when the server is there
        process.start()
        process.join()


@contextmanager
def _explained(engine: str) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError) as error:
        raise EngineError(
            f"engine={engine} cannot start a process here: {error or type(error).__name__}. engine=inline needs none."
        ) from error


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Puts Ctrl-C off for the milliseconds that a process takes to start: half a process prints a traceback."""
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or handler is None:
        yield  # Ctrl-C goes elsewhere
        return
    pressed: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if pressed:
            signal.raise_signal(signal.SIGINT)


class _Context(ForkServerContext):
    """Remembers the process that an executor starts: the executor itself does not say."""

    process: ForkServerProcess | None = None

    def Process(self, *args: Any, **kwargs: Any) -> ForkServerProcess:  # pyright: ignore[reportIncompatibleVariableOverride]
        self.process = ForkServerProcess(*args, **kwargs)
        return self.process


_begun: list[Any] = []
"""In a process: the value by which it tells its driver that it has a job in hand."""


def _start(path: list[str], begun: Any) -> None:
    """Runs once in every process."""
    sys.path[:] = path
    _begun[:] = [begun]
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the driver's to handle
    signal.signal(signal.SIGTERM, _leave)
    driver = multiprocessing.parent_process()
    assert driver is not None

    def outlive_nobody() -> None:
        wait_for_any([driver.sentinel])
        os._exit(1)

    threading.Thread(target=outlive_nobody, daemon=True).start()


def _leave(number: int, _: object) -> None:
    """Ends this process by the signal, and the processes of a person's own DataLoader with it."""
    for child in multiprocessing.active_children():
        child.terminate()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _train(job: Job, engine: str, threads: int) -> None:
    """Trains, and says no more than that it has: a short message is whole or not there, whenever the process dies."""
    _begun[0].value = 1
    from ablate.execute.bundle import run_bundle

    run_bundle(job, engine=engine, threads=threads)
