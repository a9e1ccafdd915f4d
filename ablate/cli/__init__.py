"""Typer commands: parse, call `ablate.study`, hand the answer to `ablate.report`."""

from ablate.cli.entry import main

__all__ = ["main"]
