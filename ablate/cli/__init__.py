"""Typer commands: parse, call `ablate.study`, hand the answer to `ablate.report`."""

import os
import sys
from pathlib import Path

TRAINED = ("plan", "run")
"""Commands that need torch."""


def main() -> None:
    """The `ablate` command."""
    for name in ("stdout", "stderr"):  # Python has none where it was closed before the start
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 – to the end
    try:
        if sys.argv[1:2] and sys.argv[1] in TRAINED:
            from ablate.execute.server import anticipate

            anticipate(sys.argv[2:])
        from ablate.cli.app import app
        from ablate.cli.exits import leave
    except KeyboardInterrupt:  # before there is anything to tell
        raise SystemExit(130) from None
    try:
        app()
    except SystemExit as end:
        leave(end)
        raise


__all__ = ["main"]
