"""The fork server imports it first: the server then ends with its driver, and ends its workers with all of theirs.

Only a server that the driver's main thread has started imports it: the kernel ends a process with the thread that
started it, and another thread may end before the driver.
"""

import os
import signal
from contextlib import suppress

import psutil

from ablate.execute.process.parent_death import signal_at_parent_death


def _end(*_: object) -> None:
    """Kills each worker with its process group: stopped ones too, and programs that user-defined code has started."""
    try:
        for child in psutil.Process().children():
            with suppress(OSError):
                (os.killpg if os.getpgid(child.pid) == child.pid else os.kill)(child.pid, signal.SIGKILL)
    finally:  # whatever happens: nothing is to be said, and the driver may be gone
        os._exit(128 + signal.SIGTERM)


# The driver handles Ctrl-C. By itself, the server ignores it only when it has loaded everything.
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, _end)
signal_at_parent_death(signal.SIGTERM)
