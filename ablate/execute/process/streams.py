"""Standard output, which is for the output of a command: what a training writes there goes to standard error."""

import ctypes
import io
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import ClassVar, TextIO

STDOUT, STDERR = 1, 2

MAX_REMEMBERED_TEXTS = 1000


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


class _Once(_Stderr):
    """Writes each text once in a process: a network that prints is built many times before the first training."""

    _written: ClassVar[set[str]] = set()

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._begun = ""

    def write(self, text: str, /) -> int:
        lines, end, self._begun = (self._begun + text).rpartition("\n")
        if end and lines not in self._written:
            super().write(f"{lines}\n")
            if len(self._written) < MAX_REMEMBERED_TEXTS:
                self._written.add(lines)
        return len(text)

    def flush(self) -> None:
        super().write(self._begun)
        self._begun = ""
        super().flush()


@contextmanager
def stdout_to_stderr(*, repeats_output: bool = True) -> Generator[None]:
    """Redirects Python's stream, and the file descriptor too: programs and C write to that.

    Streams that the training replaces or closes are there again afterwards.

    Args:
        repeats_output: Whether a text that Python prints is written if it was before, in this process.
    """
    streams = sys.stdin, sys.stdout, sys.stderr
    _flush()
    saved = {number: copy for number in (STDOUT, STDERR) if (copy := _copy(number)) is not None}
    if STDERR in saved and STDOUT in saved:
        os.dup2(STDERR, STDOUT)
    try:
        stream = _Stderr(sys.stderr) if repeats_output else _Once(sys.stderr)
        with redirect_stdout(stream):
            try:
                yield
            finally:
                with suppress(OSError, ValueError):
                    stream.flush()
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
