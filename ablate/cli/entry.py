"""The `ablate` command, from the first line of its process to the last."""

import atexit
import gc
import os
import signal
import sys
from pathlib import Path

NEED_TORCH = ("plan", "run")
"""Commands that build networks: the fork server of `engine=local` starts with them."""

INTERRUPTED = 130
"""Equals `ablate.cli.exits.Code.INTERRUPTED`, whose import would take too long here."""


def main() -> None:
    """Runs the command that the process was called with."""
    for name in ("stdout", "stderr"):  # None if it was closed before the start
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 – open until the process ends
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # KeyboardInterrupt: SIGTERM ends a command as Ctrl-C
    try:
        if sys.argv[1:2] and sys.argv[1] in NEED_TORCH and has_working_directory():
            from ablate.execute.engines.local.fork_server import start_early

            start_early(sys.argv[2:])
        from ablate.cli.app import app
    except KeyboardInterrupt:  # nothing has been shown yet
        raise SystemExit(INTERRUPTED) from None
    try:
        app()
    finally:
        atexit.register(_leave)


def has_working_directory() -> bool:
    """Whether the working directory still exists."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True


def _leave() -> None:
    """Shortens the end of the process. Python calls it when all threads have ended, before all other exit functions.

    Python runs the garbage collector several times as it ends. It skips frozen objects, which saves a fifth of the
    processor time of `ablate show`: 0.36 s instead of 0.45 s, medians of 15; `os._exit` takes 0.35 s.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # there is nothing left to interrupt
    gc.freeze()
