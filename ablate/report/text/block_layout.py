"""Lays out labelled lines: labels in one column, text beside them on as many lines as it takes."""

from collections.abc import Sequence

from ablate.report.text.ascii import ascii_block
from ablate.report.text.line import Line, line
from ablate.report.text.table import Block
from ablate.report.text.wrap import widest, wrap

MIN_TEXT_CELLS = 20
"""Width that a text gets even where there is less room."""


def block_lines(block: Block, width: int, *, ascii_only: bool = False) -> list[Line]:
    """A block with its title."""
    shown = ascii_block(block) if ascii_only else block
    return [line(shown.title, "title"), *(each for entry in labelled(shown.lines, width) for each in entry)]


def labelled(lines: Sequence[tuple[str, str]], width: int) -> list[list[Line]]:
    """The lines that each label and its text take; without any label, each is an item of a list."""
    label_width = widest([label for label, _ in lines])
    found: list[list[Line]] = []
    for label, text in lines:
        indent = f"  {label}{' ' * (label_width - widest([label]))}  " if label_width else "  • "
        first, *rest = wrap(text, max(width - len(indent), MIN_TEXT_CELLS)).split("\n")
        found.append([line(f"{indent}{first}"), *(line(" " * len(indent) + more) for more in rest)])
    return found
