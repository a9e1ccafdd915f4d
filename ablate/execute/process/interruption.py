"""Ctrl-C and SIGTERM, which end a command in the same way."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interruption_deferred() -> Iterator[None]:
    """Defers both while a process starts, for milliseconds: a half-started process prints a traceback, or stays.

    A signal that has Python's default action, or another's handler outside Python, is left as it is.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # the main thread gets signals
        return
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    handlers = {number: handler for number, handler in handlers.items() if callable(handler)}
    arrived: list[int] = []
    for number in handlers:
        signal.signal(number, lambda number, _: arrived.append(number))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if arrived:
            signal.raise_signal(arrived[0])
