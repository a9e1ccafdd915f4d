"""Breaks text over lines: after a space, and inside long names after `+`, `/` or `·`."""

import re
from collections.abc import Sequence

_BREAK = re.compile(r"(?<=[+/·])(?=[^\W\d])|(?<=[^ ])(?= )|(?<= )(?=[^ ])")
"""Not before a digit: `+0.01` and `1/5` stay whole."""
_INDENT = "  "


def chunks(text: str) -> list[str]:
    """The pieces that no line break may divide, spaces included; a no-break space (U+00A0) is no space."""
    return _BREAK.split(text)


def wrap(text: str, width: int, *, hang: bool = False) -> str:
    """The text with line breaks, so that no line is longer than `width` cells unless one piece of it is.

    Args:
        text: without tabs; line breaks that it has are kept.
        width: in terminal cells.
        hang: indents all lines but the first.
    """
    return "\n".join(line for part in text.split("\n") for line in _lines(chunks(part), width, hang))


def widest(texts: Sequence[str]) -> int:
    """The cells of the longest line."""
    from rich.cells import cell_len

    return max((cell_len(line) for text in texts for line in text.split("\n")), default=0)


def _lines(pieces: Sequence[str], width: int, hang: bool) -> list[str]:
    from rich.cells import cell_len

    lines, line = [], ""
    for piece in pieces:
        if line.strip() and cell_len((line + piece).rstrip()) > width:
            lines.append(line.rstrip())
            line = _INDENT if hang else ""
            piece = piece.lstrip()  # noqa: PLW2901
        line += piece
    return [*lines, line.rstrip()]
