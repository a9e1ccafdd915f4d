"""Writes tables to a terminal or a log: as many columns as there is room for, colour where it is wanted."""

from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, TextIO

from ablate.report.formats.page_layout import GAP, Page, pages
from ablate.report.text.console import console_for
from ablate.report.text.number import NO_BREAK, PAD
from ablate.report.text.table import Block, Item, Table, Tone
from ablate.report.text.wrap import widest, wrap

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

SPELT_OUT = str.maketrans(
    {
        "−": "-",
        "–": "-",
        "Δ": "delta",
        "µ": "u",
        "×": "x",
        "≥": ">=",
        "≤": "<=",
        "•": "*",
        "·": "*",
        "±": "+-",
        "ω": "omega",
        "²": "^2",
        "α": "alpha",
        "─": "-",
        "\u0302": "",
    }
)
"""For a stream that knows no Unicode: a minus must not become a question mark."""
STYLES: dict[Tone, str] = {"good": "green", "caution": "yellow", "bad": "red"}


def terminal(items: Sequence[Item], stream: TextIO, width: int | None = None) -> str:
    """The items as they look on that stream.

    Args:
        items: tables and blocks.
        stream: asked what it can show (colour, width, characters); nothing is written to it.
        width: in cells; the stream's own unless told.
    """
    console = console_for(stream, width)
    with console.capture() as capture:
        for i, item in enumerate(items):
            if i:
                console.print()
            shown = _block(item, console.width) if isinstance(item, Block) else _table(item, console.width)
            for renderable in shown:
                console.print(renderable, crop=False, no_wrap=True, overflow="ignore")
    lines = (line.rstrip() for line in capture.get().splitlines())
    return _readable("".join(f"{line}\n" for line in lines), stream)


def _text(text: str, style: str = "") -> "Text":
    from rich.text import Text

    return Text(text.replace(PAD, " ").replace(NO_BREAK, " "), style=style)


def _block(block: Block, width: int) -> "list[RenderableType]":
    label_width = widest([label for label, _ in block.lines])
    shown: list[RenderableType] = [_text(block.title, "bold")]
    for label, text in block.lines:
        indent = f"  {label:<{label_width}}  " if label_width else "  • "
        first, *rest = wrap(text, max(width - len(indent), 20)).split("\n")
        shown.append(_text(f"{indent}{first}"))
        shown += [_text(" " * len(indent) + line) for line in rest]
    return shown


def _table(table: Table, width: int) -> "list[RenderableType]":
    shown: list[RenderableType] = []
    for number, page in enumerate(pages(table, width)):
        shown += [_text("")] if number else []
        shown.append(_text(f"{table.title} (continued)" if number else table.title, "bold"))
        if not number:
            shown += [_text(wrap(line, width), "dim") for line in table.caption]
        shown.append(_grid(page))
    shown += [_text("")] if table.notes else []
    shown += [_text(wrap(note, width, hang=True), "dim") for note in table.notes]
    return shown


def _grid(page: Page) -> "Text":
    """All lines of a page. A table of rich's would measure every cell again, of which there may be thousands."""
    columns, widths = page.table.columns, page.widths
    headings = [wrap(column.heading, width) for column, width in zip(columns, widths, strict=True)]
    tallest = max(heading.count("\n") for heading in headings)
    raised = ["\n" * (tallest - heading.count("\n")) + heading for heading in headings]
    grid = _text("")
    _add(grid, page, raised, [""] * len(columns))
    grid.append("\n" + "─" * (sum(widths) + GAP * (len(widths) - 1)))
    for row in page.table.rows:
        grid.append("\n")
        wrapped = [
            wrap(cell, width, hang=column.key) if column.wrap else cell
            for column, width, cell in zip(columns, widths, row, strict=True)
        ]
        styles = [STYLES[c.tones[cell]] if cell in c.tones else "" for c, cell in zip(columns, row, strict=True)]
        _add(grid, page, wrapped, styles)
    return grid


def _add(grid: "Text", page: Page, cells: Sequence[str], styles: Sequence[str]) -> None:
    """Adds cells side by side, on as many lines as the tallest takes."""
    from rich.cells import cell_len

    columns = tuple(zip(page.table.columns, page.widths, styles, strict=True))
    lines = zip_longest(*(cell.replace(PAD, " ").replace(NO_BREAK, " ").split("\n") for cell in cells), fillvalue="")
    for number, line in enumerate(lines):
        grid.append("\n" if number else "")
        for place, (text, (column, width, style)) in enumerate(zip(line, columns, strict=True)):
            space = " " * (width - cell_len(text))
            before, after = (space, "") if column.justify == "right" else ("", space)
            grid.append((" " * GAP if place else "") + before).append(text, style or None).append(after)


def _readable(text: str, stream: TextIO) -> str:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(SPELT_OUT).encode(encoding, "replace").decode(encoding)
    return text
