"""A worker: one process that trains a job, or answers a question, at a time, and is replaced when it dies."""

import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future
from contextlib import contextmanager
from multiprocessing.connection import wait as wait_for_any
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from ablate.errors import AblateError, ConfigError, EngineError
from ablate.execute.engines.local import fork_server
from ablate.execute.train.job import Job

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

P = ParamSpec("P")
T = TypeVar("T")

STOP_S = 3.0
"""How long a process has to end by itself before it is killed."""

TRIES = 3
"""Processes that a job is handed to, where they die before they begin it."""


class Worker:
    """An executor of one process, of `concurrent.futures`. A death costs that process and the job that it was at.

    The processes of a larger pool share its pipes and locks. With each pool in the place of these workers, the tests of
    the engines' contract pass (pebble in 23 s, loky in 331 s: its processes do not fork from the server, and import
    torch one by one). Those of deaths (tests/execute/engines/local) do not:

    - pebble 5.2.3: the future of a task whose process exits with code 0 never ends. Where all processes are killed
      while they wait, the pool is broken, and the next tasks are lost (90 of 90). Where processes are killed at
      any moment, 10 of 20 studies never end: one that dies with the lock of the shared pipe leaves it locked.
    - loky 3.7.0: a process that dies breaks the pool. Every job in flight fails with it, and none says which one
      killed it, or with which exit code.
    """

    def __init__(self, *, engine: str, threads: int) -> None:
        self._engine = engine
        self._threads = threads
        self._executor: ProcessPoolExecutor | None = None
        self._context = fork_server.context()
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

    def ask(self, question: Callable[[], T]) -> T:
        """Calls a function in the process, and waits for what it gives.

        Raises:
            EngineError: no process can be started, or it died.
            Exception: whatever the function raises; an AblateError that no pickle brings back, as a ConfigError.
        """
        code: int | None = None
        for _ in range(TRIES):
            try:
                return self._hand(_answer, question).result()
            except BrokenExecutor:
                code = self.bury()
            if self._begun.value:
                raise EngineError(
                    f"The process that looked at the study's networks died: {cause(code)}. With engine=inline it is "
                    "this process, under a debugger if you like."
                )
            if code is not None and code >= 0:  # nobody has killed it: it would again
                break
        raise EngineError(
            f"engine={self._engine} cannot start a process here: it died before it began ({cause(code)}). A script is "
            "executed once more in each process that it starts: put what it does under if __name__ == '__main__'. "
            "engine=inline needs no process."
        )

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
        self.future = self._hand(_train, job, self._engine, self._threads)

    def _hand(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Gives the process something to do."""
        self._begun.value = 0
        with fork_server.explained(self._engine), _undisturbed():
            try:
                return self._up().submit(function, *args, **kwargs)
            except BrokenExecutor:  # it died while it waited
                self.bury()
                return self._up().submit(function, *args, **kwargs)

    def _up(self) -> "ProcessPoolExecutor":
        from concurrent.futures import ProcessPoolExecutor

        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                max_workers=1,
                mp_context=self._context,
                initializer=_start,
                initargs=(list(sys.path), dict(os.environ), self._begun),
            )
        return self._executor


def stop(workers: Sequence[Worker]) -> None:
    """Ends all of them: first every one is asked, then each is waited for."""
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.stop()


def cause(exitcode: int | None) -> str:
    """What ended a process, in words."""
    if exitcode is None:
        return "nobody knows of what"
    if exitcode >= 0:
        return f"exit code {exitcode}"
    name = signal.Signals(-exitcode).name if -exitcode in set(signal.Signals) else str(-exitcode)
    return f"killed by {name}" + (" (out of memory, most often)" if name == "SIGKILL" else "")


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


_begun: list[Any] = []
"""In a process: the value by which it tells its driver that it has a job in hand."""


def _start(path: list[str], environment: Mapping[str, str], begun: Any) -> None:
    """Runs once in every process: it finds what its driver finds, wherever the server was started."""
    sys.path[:] = path
    os.environ.clear()
    os.environ.update(environment)
    _begun[:] = [begun]
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the driver's to handle
    signal.signal(signal.SIGTERM, _leave)
    driver = multiprocessing.parent_process()
    assert driver is not None

    def end_with_driver() -> None:
        wait_for_any([driver.sentinel])
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=end_with_driver, daemon=True).start()


def _leave(number: int, _: object) -> None:
    """Ends this process by the signal, and the processes of a person's own DataLoader with it."""
    for child in multiprocessing.active_children():
        child.terminate()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _answer(question: Callable[[], T]) -> T:
    """Answers, so that whatever is wrong can be said in the driver, too."""
    _begun[0].value = 1
    try:
        return question()
    except AblateError as error:
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:
            raise ConfigError(str(error)) from error
        raise


def _train(job: Job, engine: str, threads: int) -> None:
    """Trains, and says no more than that it has: a short message is whole or not there, whenever the process dies."""
    _begun[0].value = 1
    from ablate.execute.bundle import run_bundle

    run_bundle(job, engine=engine, threads=threads)
