"""Errors and notes to the user, on standard error."""

import sys
import textwrap
from typing import TYPE_CHECKING

from ablate.report.text.console import console_for
from ablate.report.text.visible import visible_lines

if TYPE_CHECKING:
    from rich.console import Console


def error(message: str, console: "Console | None" = None) -> None:
    """Prints what was wrong after `Error:`, which is red where there is colour."""
    _say("Error:", "bold red", message, console)


def note(message: str, console: "Console | None" = None) -> None:
    """Prints what a user should know, after `Note:`."""
    _say("Note:", "bold cyan", message, console)


def _say(label: str, style: str, message: str, console: "Console | None") -> None:
    from rich.text import Text

    shown_on = console or console_for(sys.stderr)
    text = f"{label} {visible_lines(message)}"
    if shown_on.is_terminal:
        # Long words, such as paths, stay whole, so that they can be copied.
        lines = (
            textwrap.wrap(line, shown_on.width, break_long_words=False, break_on_hyphens=False)
            for line in text.split("\n")
        )
        text = "\n".join("\n".join(line) for line in lines)
    shown = Text(text)
    shown.stylize(style, 0, len(label))
    shown_on.print(shown, soft_wrap=True)
