"""The fork server: a process with torch and Lightning loaded, from which workers fork in milliseconds, not seconds.

This module imports nothing slow, so that a command can start the server first.
"""

import atexit
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, ForkServerProcess
from types import ModuleType
from typing import Any

from ablate.errors import EngineError
from ablate.execute.process import socket_directory
from ablate.execute.process.interruption import interruption_deferred
from ablate.execute.process.stdlib_private import fork_server_pid

LOADED = "ablate.execute.engines.local.preload"
"""The module that the server imports before anything forks from it."""

TRIES = 3
"""Servers that are started, if they are killed before they have loaded everything."""

LOST = (EOFError, ConnectionError)
"""What a process raises that cannot start because its server is dying."""

END_S = 1.0
"""Time that a dying server has to be gone."""

SAFE_PATH = "PYTHONSAFEPATH"
"""Environment variable: Python then leaves the working directory off its import path."""

ENDS_WITH_DRIVER = "ablate.execute.engines.local.ends_with_driver"
"""The module that a server imports before that, if the driver's main thread has started it."""


class Process(ForkServerProcess):
    """A process that the server forks. Starting it does not fix the start method of the driver's own processes."""

    def start(self) -> None:
        """As any process, but without executing the driver's script once more."""
        start()  # multiprocessing would start a server that does not ignore Ctrl-C from the beginning
        with _start_method_left_open(), _without_script():
            super().start()


class Context(ForkServerContext):
    """Keeps the process that an executor starts, which the executor does not expose."""

    process: Process | None = None

    def Process(self, *args: Any, **kwargs: Any) -> Process:  # pyright: ignore[reportIncompatibleVariableOverride]
        """As any context's."""
        self.process = Process(*args, **kwargs)
        return self.process


def context() -> Context:
    """A multiprocessing context whose processes fork from the server."""
    _set_preload()
    return Context()


def start_early(words: Sequence[str]) -> None:
    """Starts the server before the request is parsed, unless a word names another engine than the local one.

    If the user's configuration names another, the server is started in vain. If it cannot start, the engine reports it.
    """
    if all(word == "engine=local" for word in words if word.startswith("engine=")):
        with suppress(OSError):
            start()


def start() -> None:
    """Starts the server, which loads torch and Lightning while this process continues.

    Outside the main thread it does nothing: the server then starts with the first process.

    Raises:
        OSError: no process can be started.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or handler is None:
        return  # only the main thread may set signals
    _set_preload()
    atexit.unregister(_kill)
    atexit.register(_kill, os.getpid())
    # The server ignores Ctrl-C only when it has loaded everything; until then it would print a traceback. So it
    # inherits that Ctrl-C is ignored. This process ignores it for these milliseconds, once.
    with interruption_deferred():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            with _start_method_left_open(), _without_working_directory():
                socket_directory.hold()
                forkserver.ensure_running()
        finally:
            signal.signal(signal.SIGINT, handler)


def _set_preload() -> None:
    """Says what a server loads: also one that multiprocessing starts by itself, where the last one was killed."""
    is_main_thread = threading.current_thread() is threading.main_thread()
    forkserver.set_forkserver_preload([ENDS_WITH_DRIVER, LOADED] if is_main_thread else [LOADED])


def ready(engine: str) -> None:
    """Starts the server, and waits until it has loaded everything. Ctrl-C meanwhile leaves nothing half-started.

    Raises:
        EngineError: no process can be started.
    """
    with explained(engine):
        socket_directory.hold()  # off the main thread, where the server starts with the first process
        for attempt in range(TRIES):
            process = context().Process()  # it does nothing; it starts when the server is ready
            try:
                process.start()
            except LOST:
                if attempt == TRIES - 1:
                    raise
                wait_until_lost()
            else:
                process.join()
                return


def wait_until_lost() -> None:
    """Waits until a dying server has ended: its connections close first. Only then is another started."""
    if (pid := fork_server_pid()) is None:
        return
    deadline = time.monotonic() + END_S
    with suppress(ChildProcessError):
        while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None and time.monotonic() < deadline:
            time.sleep(0.001)


@contextmanager
def explained(engine: str) -> Iterator[None]:
    """Turns the error of a process that cannot be started into an EngineError.

    Raises:
        EngineError: no process can be started.
    """
    try:
        yield
    except (OSError, EOFError) as error:
        raise EngineError(
            f"engine={engine} cannot start a process here: {error or type(error).__name__}. engine=inline starts none."
        ) from error


@contextmanager
def _start_method_left_open() -> Iterator[None]:
    """Keeps multiprocessing from fixing its default start method, as it does whenever it starts a process.

    A script that calls `multiprocessing.set_start_method` later would get an error.
    """
    chosen = multiprocessing.get_start_method(allow_none=True)
    try:
        yield
    finally:
        if chosen is None:
            multiprocessing.set_start_method(None, force=True)


@contextmanager
def _without_script() -> Iterator[None]:
    """Keeps multiprocessing from having a process execute the driver's script, for what is defined there.

    A worker takes nothing from it: objects that are defined in a script, a notebook or the interpreter are sent to it
    (`ablate.given`). So a script needs no guard, and one that was read from standard input works, too.
    """
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


@contextmanager
def _without_working_directory() -> Iterator[None]:
    """Keeps the working directory off the import path of processes that start meanwhile.

    Multiprocessing starts them by `python -c`, which puts it first: a user's `queue.py` would hide the standard
    library's. A worker gets its driver's import path and environment when it begins.
    """
    chosen = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    try:
        yield
    finally:
        if chosen is None:
            del os.environ[SAFE_PATH]
        else:
            os.environ[SAFE_PATH] = chosen


def _kill(driver: int) -> None:
    """Kills the server at once. By itself it ends only when it has loaded everything, after its driver."""
    if driver == os.getpid() and (pid := fork_server_pid()) is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
