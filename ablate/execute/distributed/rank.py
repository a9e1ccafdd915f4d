"""The program of another process of a training over several devices.

    python -m ablate.execute.distributed.rank ERROR

It reads what to call from standard input, pickled. ERROR is the file that it writes the text of an exception to.
"""

import os
import pickle
import signal
import sys
from pathlib import Path

from ablate import passed_objects
from ablate.execute.distributed.address import READY
from ablate.execute.process.parent_death import signal_at_parent_death


def main(words: list[str]) -> int:
    """Calls what it was sent; returns the exit code.

    The call gets one more argument, a function that it is to call when it is about to fit.
    """
    parent = os.getppid()
    signal_at_parent_death()
    if os.getppid() != parent:  # it had died before
        return 1
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    told = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    path, objects, follow, arguments = pickle.load(sys.stdin.buffer)
    sys.path[:] = path
    passed_objects.receive(objects)

    def ready() -> None:
        told.write(READY)
        told.flush()

    try:
        follow(*arguments, ready)
    except BaseException as error:
        from ablate.execute.targets.target import error_text

        Path(words[0]).write_text(error_text(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
