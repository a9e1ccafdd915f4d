"""Typer commands: parse, call `ablate.study`, hand the answer to `ablate.report`."""

import sys

TRAINED = ("plan", "run")
"""Commands that need torch."""


def main() -> None:
    """The `ablate` command."""
    if sys.argv[1:2] and sys.argv[1] in TRAINED:
        from ablate.execute.server import anticipate

        anticipate(sys.argv[2:])
    from ablate.cli.app import app
    from ablate.cli.exits import leave

    try:
        app()
    except SystemExit as end:
        leave(end)
        raise


__all__ = ["main"]
