"""A copy of this process that user-defined code makes by `os.fork`, and that goes on as if it were the process."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_process() -> Iterator[None]:
    """Ends, on leaving, a copy of the process that was made inside; the process itself goes on.

    A copy would train the same trials, write their records again, and take the messages that are for the process.
    """
    process = os.getpid()
    try:
        yield
    finally:
        if os.getpid() != process:
            os._exit(1)  # no buffers are written twice, and no handler of the process's end runs
