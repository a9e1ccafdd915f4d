"""A program that starts a local Ray instance, and ends it when its standard input closes: when the driver has ended.

It adopts the orphans of Ray's processes, such as agents and user-defined programs, and kills them too. It imports
nothing of ablate and is executed as a file, so that the working directory is not on its import path.
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
"""Option of prctl(2): orphaned descendants become children of this process, not of process 1."""

REAP_INTERVAL_S = 1.0
"""Time between two calls of `reap`."""

KILL_LIMIT_S = 20.0
"""Time after which `kill_all` gives up on processes that the kernel cannot end."""


def main() -> None:
    """Starts Ray with the options in the first argument (JSON); writes its address, or an error, as a line of JSON."""
    options = json.loads(sys.argv[1])
    reply = os.dup(1)
    os.dup2(2, 1)  # what Ray prints goes to stderr
    adopt_orphans()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the driver handles Ctrl-C
    threading.Thread(target=_end_with_driver, args=(options["_temp_dir"],), daemon=True).start()
    try:
        import ray

        ray.init(**options)
        answer = {"address": ray.get_runtime_context().gcs_address}
    except BaseException as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    os.write(reply, json.dumps(answer).encode() + b"\n")
    while True:
        reap()
        time.sleep(REAP_INTERVAL_S)


def adopt_orphans() -> None:
    """Makes orphaned descendants children of this process from now on. Does nothing except on Linux."""
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
    """Kills all descendants, again and again until none is left: a process may start another before it dies."""
    until = time.monotonic() + KILL_LIMIT_S
    while (left := psutil.Process().children(recursive=True)) and time.monotonic() < until:
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        reap()
        time.sleep(0.02)


def reap() -> None:
    """Reaps children that have ended: until then the kernel keeps them as zombies."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    main()
