"""The fork server: a process with torch and Lightning loaded, of which others fork in milliseconds, not seconds.

Nothing here imports anything of weight: it can be started before all else.
"""

import atexit
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any

from ablate.errors import EngineError
from ablate.execute.process.stdlib_private import fork_server_pid

LOADED = "ablate.execute.engines.local.preload"
"""What the server imports before anything forks from it."""


class Process(ForkServerProcess):
    """A process that the server forks. Starting it does not fix the start method of the driver's own processes."""

    def start(self) -> None:
        """As any process."""
        with _start_method_left_open():
            super().start()


class Context(ForkServerContext):
    """Remembers the process that an executor starts: the executor itself does not say."""

    process: Process | None = None

    def Process(self, *args: Any, **kwargs: Any) -> Process:  # pyright: ignore[reportIncompatibleVariableOverride]
        """As any context's."""
        self.process = Process(*args, **kwargs)
        return self.process


def context() -> Context:
    """A context of multiprocessing whose processes fork from the server."""
    forkserver.set_forkserver_preload([LOADED])
    return Context()


def start_early(words: Sequence[str]) -> None:
    """Starts the server for the engine that a request will have, before the request is read.

    That is the local one, unless a word names another. Where a configuration of a person's own does, it is for nothing.
    Where it cannot start, whoever needs it says so.
    """
    if all(word == "engine=local" for word in words if word.startswith("engine=")):
        with suppress(OSError):
            start()


def start() -> None:
    """Starts the server, which loads torch and Lightning while this process goes on.

    Off the main thread it does nothing: the server then starts with the first process.

    Raises:
        OSError: no process can be started.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or handler is None:
        return  # signals are the main thread's
    forkserver.set_forkserver_preload([LOADED])
    atexit.unregister(_kill)
    atexit.register(_kill, os.getpid())
    # The server ignores Ctrl-C only once it has loaded everything; until then it would print a traceback. It starts
    # to ignore it here, and so does this process for these milliseconds: once only.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with _start_method_left_open():
            forkserver.ensure_running()
    finally:
        signal.signal(signal.SIGINT, handler)


def ready(engine: str) -> None:
    """Starts the server, and waits until it has loaded everything: who loses patience here leaves nothing half-started.

    Raises:
        EngineError: no process can be started.
    """
    with explained(engine):
        start()
        process = context().Process()  # does nothing, and starts when the server is there
        process.start()
        process.join()


@contextmanager
def explained(engine: str) -> Iterator[None]:
    """Says what it means that no process can be started.

    Raises:
        EngineError: none can.
    """
    try:
        yield
    except (OSError, EOFError) as error:
        raise EngineError(
            f"engine={engine} cannot start a process here: {error or type(error).__name__}. engine=inline needs none."
        ) from error


@contextmanager
def _start_method_left_open() -> Iterator[None]:
    """Keeps multiprocessing from settling on a start method: it asks for the default one whenever it starts a process.

    A script that calls `multiprocessing.set_start_method` later would be refused.
    """
    chosen = multiprocessing.get_start_method(allow_none=True)
    try:
        yield
    finally:
        if chosen is None:
            multiprocessing.set_start_method(None, force=True)


def _kill(driver: int) -> None:
    """Ends the server now: by itself it would after it had loaded everything, for a driver that is gone."""
    if driver == os.getpid() and (pid := fork_server_pid()) is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
