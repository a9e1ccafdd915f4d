"""The `ablate` command, from the first line of its process to the last."""

import atexit
import os
import signal
import sys
import threading
from pathlib import Path

NEED_TORCH = ("plan", "run")
"""Commands that ask something of networks."""

INTERRUPTED = 130
"""As `ablate.cli.exits.Code` has it, which takes as long to load as what is interrupted here."""


def main() -> None:
    """Runs the command that the process was called with."""
    for name in ("stdout", "stderr"):  # Python has none where it was closed before the start
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 – to the end
    try:
        if sys.argv[1:2] and sys.argv[1] in NEED_TORCH:
            from ablate.execute.engines.local.fork_server import anticipate
            from ablate.execute.process.deferred_imports import defer

            defer()
            anticipate(sys.argv[2:])
        from ablate.cli.app import app
    except KeyboardInterrupt:  # before there is anything to tell
        raise SystemExit(INTERRUPTED) from None
    try:
        app()
    except SystemExit as end:
        leave(end)
        raise


def leave(end: SystemExit) -> None:
    """Ends the process with an exit code, at once: to take a thousand modules apart takes longer than many a command.

    What is to be done before an end is done: output is flushed, what has been registered is called. It returns where
    Python is to end as usual: with another thread at work, with an output that nobody takes.
    """
    others = [thread for thread in threading.enumerate() if not thread.daemon]
    if len(others) > 1 or not isinstance(end.code, int | None):
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what there was to interrupt is over
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return
    os._exit(end.code or 0)
