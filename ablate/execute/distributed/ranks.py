"""The other processes of a training over several devices. This process has rank 0, each of them a higher one."""

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import torch.distributed

from ablate import passed_objects
from ablate.errors import ModelError
from ablate.execute.distributed.address import IS_STARTED, READY, environment, rendezvous
from ablate.execute.process.socket_directory import temporary_directory

PROGRAM = "ablate.execute.distributed.rank"

END_S = 60.0
"""Time in which the other processes end after this one has ended its training."""

FAILURE_S = 1.0
"""Time in which it is seen that another process has failed first. It has ended then: that broke the connection.

If this one failed first, the others wait for it as long as it has not left their group, and have no failure to tell.
"""


@contextmanager
def other_ranks(follow: Callable[..., None], arguments: Sequence[Any], *, world: int) -> Generator[None]:
    """Starts the other processes, and ends them with the block. It begins when all are about to fit.

    Args:
        follow: What each of them calls, a function of a module: it is sent by its name.
        arguments: Of the call; they are pickled.
        world: How many processes train, this one included; 1: nothing is started.

    Raises:
        ModelError: another process failed first; the message has its error.
    """
    if world == 1:
        yield
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(temporary_directory()))
        port = stack.enter_context(rendezvous())
        ranks = [_Rank(number, world, port, folder) for number in range(1, world)]
        stack.callback(_end, ranks)
        payload = pickle.dumps((list(sys.path), passed_objects.pickle_all(), follow, tuple(arguments)))
        for rank in ranks:
            rank.start(payload)
        for rank in ranks:
            rank.wait_until_ready()
        # A training runs in an `isolated_process`, which restores the environment.
        os.environ.update(environment(0, world=world, port=port))
        try:
            yield
        except Exception as error:
            for rank in ranks:
                rank.raise_failure(timeout_s=FAILURE_S, cause=error)
            raise
        finally:
            _leave_group()
            os.environ.pop(IS_STARTED)  # a test on one device is of one process
        for rank in ranks:
            rank.raise_failure(timeout_s=END_S, cause=None)


class _Rank:
    """One other process."""

    def __init__(self, number: int, world: int, port: int, folder: Path) -> None:
        self._number = number
        self._environment = environment(number, world=world, port=port)
        self._error = folder / f"rank{number}.txt"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, payload: bytes) -> None:
        # -P: the working directory is not put before the installed packages.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", PROGRAM, str(self._error)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **self._environment, "PYTHONPATH": os.pathsep.join(_import_path())},
        )
        stream = cast(Any, self._process.stdin)
        threading.Thread(target=_send, args=(stream, payload), daemon=True).start()  # it may be more than a pipe holds

    def wait_until_ready(self) -> None:
        assert self._process is not None
        if cast(Any, self._process.stdout).readline() != READY:
            self._process.wait()
            raise ModelError(self._failure())

    def raise_failure(self, *, timeout_s: float, cause: BaseException | None) -> None:
        assert self._process is not None
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_s)
        if self._error.exists() or (cause is None and self._process.returncode != 0):
            raise ModelError(self._failure()) from cause

    def end(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                cast(Any, stream).close()

    def _failure(self) -> str:
        said = self._error.read_text() if self._error.exists() else None
        assert self._process is not None
        code = self._process.returncode
        return f"process {self._number} of the training: " + (
            said or ("it has not ended with the training" if code is None else f"it ended with code {code}")
        )


def _end(ranks: Sequence[_Rank]) -> None:
    for rank in ranks:
        rank.end()


def _send(stream: Any, payload: bytes) -> None:
    with suppress(OSError):  # the process has ended: what it says is read elsewhere
        stream.write(payload)
        stream.close()


def _import_path() -> list[str]:
    """Where this process imports from, so that another finds the same `ablate` before it is told of more."""
    return [place for place in sys.path if place]


def _leave_group() -> None:
    """The next training of this process has other processes."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        with suppress(Exception):  # the connection may be what failed
            torch.distributed.destroy_process_group()
