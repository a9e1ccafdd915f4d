"""The console that a stream is written through: what it can show decides how it is written to."""

import os
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console


def console_for(stream: TextIO, width: int | None = None) -> "Console":
    """A console that adds nothing of its own, and no escape codes where colour is not wanted or not possible.

    Args:
        stream: where it writes.
        width: in cells; default: the terminal's.
    """
    from rich.console import Console

    # Under NO_COLOR rich still writes bold and dim, which are escape codes in a log all the same.
    colours = None if os.environ.get("NO_COLOR") else "auto"
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False, color_system=colours)
