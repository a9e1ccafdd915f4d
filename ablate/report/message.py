"""Errors and remarks to the user, on standard error."""

import sys
from typing import TYPE_CHECKING

from ablate.report.console import console_for

if TYPE_CHECKING:
    from rich.console import Console


def error(message: str, console: "Console | None" = None) -> None:
    """Says what was wrong, after `Error:` in red where there is colour."""
    _say("Error: ", "bold red", message, console)


def note(message: str, console: "Console | None" = None) -> None:
    """Says what is worth knowing and stops nothing."""
    _say("Note: ", "bold cyan", message, console)


def _say(label: str, style: str, message: str, console: "Console | None") -> None:
    from rich.text import Text

    console = console or console_for(sys.stderr)
    # Long words, such as paths, stay whole so that they can be copied: the terminal itself breaks them.
    text = Text.assemble((label, style), message, overflow="ignore")
    console.print(text, crop=False, soft_wrap=not console.is_terminal)
