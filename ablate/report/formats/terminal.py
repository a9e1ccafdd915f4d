"""Writes tables to a terminal or a log: as many columns as there is room for, colour where it is wanted."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, TextIO

from ablate.report.content import Content
from ablate.report.formats.output import Output
from ablate.report.formats.page_layout import GAP, Page, pages
from ablate.report.text.ascii import ascii_item
from ablate.report.text.block_layout import block_lines
from ablate.report.text.console import console_for
from ablate.report.text.line import Line
from ablate.report.text.number import NO_BREAK, PAD
from ablate.report.text.table import Block, Item, Table, Tone
from ablate.report.text.visible import visible, visible_item
from ablate.report.text.wrap import wrap

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

BOX = str.maketrans({"─": "-", "•": "*"})
"""What lines and bullets are drawn with where there is no Unicode."""
UNICODE = "─│├┤●○■□┼┴░−Δ×≈²→…"
"""What a stream must be able to show; else all of it is in ASCII."""
STYLES: dict[Tone, str] = {"good": "green", "caution": "yellow", "bad": "red"}
LINE_STYLES: dict[str, str] = {"title": "bold", "faint": "dim", **STYLES}


def write_terminal(content: Content, output: Output) -> str:
    """The first screen where a content has one, else its items with what is drawn of them."""
    console = console_for(output.stream, output.width)
    ascii_only = output.ascii_only or not can_show(output.stream)
    if content.screen is not None:
        lines = content.screen(console.width, ascii_only)
        return _written(console, map(_line, lines), output.stream, ascii_only=ascii_only)
    text = terminal(content.items(), output.stream, output.width, ascii_only=output.ascii_only)
    drawn = [] if content.drawn is None else content.drawn(console.width, ascii_only)
    return text + (_written(console, map(_line, drawn), output.stream, ascii_only=ascii_only) if drawn else "")


def terminal(items: Sequence[Item], stream: TextIO, width: int | None = None, *, ascii_only: bool = False) -> str:
    """The items as they look on that stream.

    Args:
        items: tables and blocks.
        stream: asked what it can show (colour, width, characters); nothing is written to it.
        width: in cells; default: the stream's.
        ascii_only: whether all of it is in ASCII, though the stream could show more.
    """
    console = console_for(stream, width)
    ascii_only = ascii_only or not can_show(stream)
    return _written(console, _renderables(items, console.width, ascii_only), stream, ascii_only=ascii_only)


def can_show(stream: TextIO) -> bool:
    """Whether the encoding of a stream has what tables and plots are drawn with."""
    try:
        UNICODE.encode(getattr(stream, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _written(console: "Console", shown: "Iterable[RenderableType]", stream: TextIO, *, ascii_only: bool) -> str:
    with console.capture() as capture:
        for renderable in shown:
            console.print(renderable, crop=False, no_wrap=True, overflow="ignore")
    text = "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())
    if ascii_only:
        text = text.translate(BOX)
    encoding = "ascii" if ascii_only and can_show(stream) else getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)


def _renderables(items: Sequence[Item], width: int, ascii_only: bool) -> "Iterator[RenderableType]":
    for i, item in enumerate(items):
        if i:
            yield _text("")
        shown = visible_item(ascii_item(item) if ascii_only else item)
        yield from map(_line, block_lines(shown, width)) if isinstance(shown, Block) else _table(shown, width)


def _line(line: Line) -> "Text":
    text = _text("")
    for span in line:
        text.append(visible(span.text).replace(PAD, " ").replace(NO_BREAK, " "), LINE_STYLES.get(span.style) or None)
    return text


def _text(text: str, style: str = "") -> "Text":
    from rich.text import Text

    return Text(text.replace(PAD, " ").replace(NO_BREAK, " "), style=style)


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
