"""Errors in destructors and in threads of multiprocessing, which Python prints with a traceback and then ignores."""

import sys
import traceback
from types import TracebackType


def say_on_one_line() -> None:
    """From here on, this process and those forked from it print each such error on one line of stderr.

    When a process of a DataLoader is killed, the DataLoader's destructor and the thread that passes tensors raise such
    errors. They do not decide whether the training fails.
    """
    sys.excepthook = _say
    sys.unraisablehook = lambda ignored: _say(ignored.exc_type, ignored.exc_value, ignored.exc_traceback)


def _say(kind: type[BaseException], error: BaseException | None, raised: TracebackType | None) -> None:
    message = " ".join("".join(traceback.format_exception_only(kind, error)).split())
    frames = traceback.extract_tb(raised)
    where = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    sys.stderr.write(f"Ignored: {message}{where}\n")
