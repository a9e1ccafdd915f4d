"""Errors that Python prints with their traceback, then ignores: of destructors, and of threads of multiprocessing."""

import sys
import traceback
from types import TracebackType


def say_on_one_line() -> None:
    """From here on, this process and those forked from it print each such error on one line of stderr.

    Where a process of a DataLoader is killed, its destructor raises, and so does the thread that hands over tensors.
    Whether the training fails is decided elsewhere, and is in its record.
    """
    sys.excepthook = _say
    sys.unraisablehook = lambda ignored: _say(ignored.exc_type, ignored.exc_value, ignored.exc_traceback)


def _say(kind: type[BaseException], error: BaseException | None, raised: TracebackType | None) -> None:
    message = " ".join("".join(traceback.format_exception_only(kind, error)).split())
    frames = traceback.extract_tb(raised)
    where = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    sys.stderr.write(f"Ignored: {message}{where}\n")
