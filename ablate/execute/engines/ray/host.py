"""A program that starts a Ray on this machine, and ends it when its standard input closes: when its driver is gone.

It adopts whatever Ray's processes leave behind, such as agents and user-defined programs, and kills that too. It
imports nothing of ablate, and is run as a file: the working directory is on no import path then.
"""

import ctypes
import json
import os
import shutil
import signal
import sys
import threading
import time
from contextlib import suppress

import psutil

PR_SET_CHILD_SUBREAPER = 36
"""Of linux/prctl.h: a process whose parent ends becomes this one's child, not that of process 1 (prctl(2))."""

REAP_S = 1.0
"""How often it takes note of processes that it has adopted and that have ended."""

LONGEST_S = 20.0
"""Time in which all processes have been killed, but for those that the kernel cannot end."""


def main() -> None:
    """Starts Ray with the options of the first argument, JSON; writes a line of JSON: its address, or an error."""
    options = json.loads(sys.argv[1])
    answers = os.dup(1)
    os.dup2(2, 1)  # what Ray prints is no answer
    adopt_orphans()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the driver handles Ctrl-C
    threading.Thread(target=_end_with_driver, args=(options["_temp_dir"],), daemon=True).start()
    try:
        import ray

        ray.init(**options)
        answer = {"address": ray.get_runtime_context().gcs_address}
    except BaseException as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    os.write(answers, json.dumps(answer).encode() + b"\n")
    while True:
        reap()
        time.sleep(REAP_S)


def adopt_orphans() -> None:
    """From here on, descendants whose parent ends become children of this process. Without Linux it does nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _end_with_driver(folder: str) -> None:
    sys.stdin.buffer.read()
    try:
        kill_all()
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os._exit(0)


def kill_all() -> None:
    """Kills all descendants, until there are none: a process may start another while it is being killed."""
    until = time.monotonic() + LONGEST_S
    while (left := psutil.Process().children(recursive=True)) and time.monotonic() < until:
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        reap()
        time.sleep(0.02)


def reap() -> None:
    """Takes note of the children that have ended, which the kernel keeps until then."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    main()
