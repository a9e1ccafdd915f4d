"""Standard output, which is for the output of a command: what a training writes there goes to standard error."""

import ctypes
import io
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import TextIO

STDOUT, STDERR = 1, 2


class _Stderr(io.TextIOBase):
    """Writes to standard error. A training that closes it closes nothing else."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str, /) -> int:
        return self._stream.write(text)

    def flush(self) -> None:
        self._stream.flush()

    def fileno(self) -> int:
        return self._stream.fileno()

    def isatty(self) -> bool:
        return self._stream.isatty()

    @property
    def encoding(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self._stream.encoding


@contextmanager
def stdout_to_stderr() -> Generator[None]:
    """Redirects Python's stream, and the file descriptor too: programs and C write to that.

    Streams that the training replaces or closes are there again afterwards.
    """
    streams = sys.stdin, sys.stdout, sys.stderr
    _flush()
    saved = {number: copy for number in (STDOUT, STDERR) if (copy := _copy(number)) is not None}
    if STDERR in saved and STDOUT in saved:
        os.dup2(STDERR, STDOUT)
    try:
        with redirect_stdout(_Stderr(sys.stderr)):
            yield
    finally:
        _flush()
        for number, copy in saved.items():
            os.dup2(copy, number)
            os.close(copy)
        sys.stdin = streams[0]
        sys.stdout, sys.stderr = _open(streams[1], STDOUT), _open(streams[2], STDERR)


def _copy(number: int) -> int | None:
    try:
        return os.dup(number)
    except OSError:  # it was closed before this process began
        return None


def _flush() -> None:
    """Writes what Python and C have kept back, so that it goes where it was meant to."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).fflush(None)


def _open(stream: TextIO, number: int) -> TextIO:
    """The stream, or another to the same file descriptor if it has been closed."""
    if not getattr(stream, "closed", False):
        return stream
    return open(number, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
