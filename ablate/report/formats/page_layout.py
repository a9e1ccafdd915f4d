"""Fits a table into a width: which of its columns stand side by side, and how wide each is."""

from collections.abc import Sequence
from dataclasses import dataclass

from ablate.report.text.table import Column, Table
from ablate.report.text.wrap import chunks, widest

GAP = 2
"""Cells between two columns."""

_KEY_FLOOR = 16
_TEXT_FLOOR = 20
"""Cells below which a column that may break over lines is not squeezed, if it has that many."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """Part of a table that fits: a table with the width of each of its columns."""

    table: Table
    widths: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class _Room:
    """The cells of a column: for its longest text in one line, and the least that it can have."""

    natural: int
    least: int


def pages(table: Table, width: int) -> tuple[Page, ...]:
    """The table in one piece, or in pieces below one another that repeat the keys.

    Rows are named twice over, spread over columns and in one: both are kept if there is room, else whichever
    fits in one piece. No number is ever cut: a piece that cannot fit stays too wide.
    """
    named = table.without("spread")
    for candidate in (table, table.without("named"), named):
        rooms = _rooms(candidate)
        if _total(list(map(_wanted, candidate.columns, rooms))) <= width:
            return (_page(candidate, rooms, tuple(range(len(rooms))), width),)
    rooms = _rooms(named)
    if _total([room.least for room in rooms]) <= width:
        return (_page(named, rooms, tuple(range(len(rooms))), width),)
    return tuple(_page(named, rooms, keep, width) for keep in _pieces(named.columns, rooms, width))


def _rooms(table: Table) -> list[_Room]:
    rooms: list[_Room] = []
    for i, column in enumerate(table.columns):
        cells = [row[i] for row in table.rows]
        heading = widest(chunks(column.heading))
        natural = max(widest(cells), heading)
        if column.wrap:
            floor = _KEY_FLOOR if column.key else _TEXT_FLOOR
            pieces = widest([piece for cell in cells for piece in chunks(cell)])
            rooms.append(_Room(natural=natural, least=min(natural, max(floor, pieces, heading))))
        else:
            rooms.append(_Room(natural=natural, least=natural))
    return rooms


def _wanted(column: Column, room: _Room) -> int:
    """The width at which a column reads well: keys on one line, text on as many as it takes."""
    return room.natural if column.key else room.least


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _pieces(columns: tuple[Column, ...], rooms: list[_Room], width: int) -> list[tuple[int, ...]]:
    """The positions that go on each page: whole groups where they fit, else one column after another."""
    keys = tuple(i for i, c in enumerate(columns) if c.key)
    squeezed = [rooms[i].least for i in keys]
    wanted = [rooms[i].natural for i in keys]
    groups: dict[int, list[int]] = {}
    for i, column in enumerate(columns):
        if not column.key:
            groups.setdefault(column.group, []).append(i)

    pieces: list[tuple[int, ...]] = []
    page: list[int] = []
    for group in groups.values():
        if page and _total([*wanted, *(rooms[i].least for i in (*page, *group))]) <= width:
            page += group
            continue
        pieces += [tuple(page)] if page else []
        page = []
        for i in group:
            if page and _total([*squeezed, *(rooms[j].least for j in (*page, i))]) > width:
                pieces.append(tuple(page))
                page = []
            page.append(i)
    pieces += [tuple(page)] if page else []
    return [tuple(sorted((*keys, *piece))) for piece in pieces] or [keys]


def _page(table: Table, rooms: list[_Room], keep: tuple[int, ...], width: int) -> Page:
    """Shares out what is left of the width among the columns that can use it, the leftmost first."""
    widths = {i: rooms[i].least for i in keep}
    left = width - _total(list(widths.values()))
    for i in keep:
        more = max(0, min(left, rooms[i].natural - widths[i]))
        widths[i] += more
        left -= more
    return Page(table=table.select(keep), widths=tuple(widths[i] for i in keep))
