"""A chart in text: values over settings, a line of marks for each series, joined by dots."""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ablate.report.text.line import Line, Span, line
from ablate.report.text.wrap import widest

PLOT_LINES = 9
"""Lines from the largest value to the smallest."""
MAX_PLOT_CELLS = 72
"""Width of the plot at the most."""
MIN_PLOT_CELLS = 20


@dataclass(frozen=True, kw_only=True)
class Marks:
    """What a chart is drawn with, one cell each."""

    series: str
    """A mark for each: so many series fit into one chart."""
    lost: str
    """At a setting that has no value, below all values."""
    joint: str
    side: str
    tick: str
    bottom: str
    bottom_tick: str


UNICODE = Marks(series="●○■□", lost="×", joint="·", side="│", tick="┤", bottom="─", bottom_tick="┴")
ASCII = Marks(series="oxvw", lost="!", joint=".", side="|", tick="+", bottom="-", bottom_tick="+")
SERIES = len(UNICODE.series)


@dataclass(frozen=True, kw_only=True)
class Series:
    """One line of the chart."""

    label: str
    values: tuple[float | None, ...]
    """At each setting; None: nothing is drawn there. NaN: it has no value, and that is drawn."""


def chart(
    series: Sequence[Series],
    settings: Sequence[str],
    *,
    ticks: Sequence[tuple[float, str]],
    width: int,
    ascii_only: bool = False,
) -> list[Line]:
    """The plot, its axis, its settings and its legend.

    Settings stand at equal distances in their order. Where several series fall on one cell, their number is drawn.

    Args:
        series: `SERIES` at the most.
        settings: what stands below each value.
        ticks: at least two values with their text, of which the largest and the smallest bound the plot.
        width: in cells, of all of it.
        ascii_only: whether only ASCII may be used.
    """
    marks = ASCII if ascii_only else UNICODE
    beside = widest([text for _, text in ticks]) + 2
    room = max(min(width - beside - 1, MAX_PLOT_CELLS), MIN_PLOT_CELLS)
    columns = [round((place + 0.5) * room / len(settings) - 0.5) for place in range(len(settings))]
    low, high = min(value for value, _ in ticks), max(value for value, _ in ticks)

    def row(value: float) -> int:
        """Lines below the largest value."""
        return round((high - value) / (high - low) * (PLOT_LINES - 1)) if high > low else PLOT_LINES // 2

    cells = [[" "] * room for _ in range(PLOT_LINES + 1)]  # the last line is for what has no value
    for one in series:
        _join(cells, [(c, v) for c, v in zip(columns, one.values, strict=True) if v is not None], row, marks.joint)
    taken: dict[tuple[int, int], int] = {}
    for mark, one in zip(marks.series, series, strict=False):
        for column, value in zip(columns, one.values, strict=True):
            if value is None:
                continue
            at = (PLOT_LINES, column) if math.isnan(value) else (row(value), column)
            taken[at] = taken.get(at, 0) + 1
            alone = marks.lost if math.isnan(value) else mark
            cells[at[0]][column] = alone if taken[at] == 1 else str(taken[at])
    named = {row(value): text for value, text in ticks}
    has_lost = any(cell != " " for cell in cells[PLOT_LINES])
    lines: list[Line] = []
    for number, drawn in enumerate(cells[: PLOT_LINES + has_lost]):
        text = named.get(number, "")
        before = f"{' ' * (beside - 2 - widest([text]))}{text} {marks.tick if text else marks.side}"
        lines.append((Span(text=before, style="faint"), Span(text="".join(drawn).rstrip())))
    lines += [line(" " * (beside - 1) + text, "faint") for text in _axis(settings, columns, room, marks)]
    drawn_marks = [f"{mark} {one.label}" for mark, one in zip(marks.series, series, strict=False)]
    drawn_marks += [f"{marks.lost} no value"] if has_lost else []
    drawn_marks += ["a number: so many at one place"] if any(count > 1 for count in taken.values()) else []
    return [*lines, *(line(text) for text in _legend(drawn_marks, width, beside))]


def _join(cells: list[list[str]], points: Sequence[tuple[int, float]], row: Callable[[float], int], joint: str) -> None:
    """Dots from each value to the next, a column each; none to or from what has no value."""
    for (start, first), (end, last) in itertools.pairwise(points):
        if math.isnan(first) or math.isnan(last):
            continue
        for column in range(start + 1, end):
            value = first + (last - first) * (column - start) / (end - start)
            cells[row(value)][column] = joint


def _axis(settings: Sequence[str], columns: Sequence[int], room: int, marks: Marks) -> tuple[str, str]:
    """The line below the plot, and the settings under it: as many as there is room for, the first and last for sure."""
    bottom = [marks.bottom] * room
    below = [" "] * (room + 1)
    order = [0, len(settings) - 1, *range(1, len(settings) - 1)]
    for place in dict.fromkeys(order):
        text, column = settings[place], columns[place]
        bottom[column] = marks.bottom_tick
        start = min(max(column - (len(text) - 1) // 2, 0), max(room - len(text), 0))
        if len(text) <= room and all(cell == " " for cell in below[max(start - 1, 0) : start + len(text) + 1]):
            below[start : start + len(text)] = text
    return marks.bottom_tick + "".join(bottom), " " + "".join(below).rstrip()


def _legend(texts: Sequence[str], width: int, indent: int) -> list[str]:
    """As many on a line as there is room for."""
    lines: list[str] = []
    for text in texts:
        longer = f"{lines[-1]}   {text}" if lines else ""
        if lines and widest([longer]) <= width:
            lines[-1] = longer
        else:
            lines.append(" " * indent + text)
    return lines
