"""A forest plot in text: a row for each contrast, its interval on one axis, zero, and the margin of its claim."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ablate.report.text.cut import cut
from ablate.report.text.line import Line, Span
from ablate.report.text.number import MINUS
from ablate.report.text.wrap import widest

MIN_PLOT_CELLS = 20
"""Width of the plot below which labels are shortened, then the numbers left out."""
MAX_PLOT_CELLS = 72
"""Width of the plot at the most."""
GAP = 2
_MIN_TICK_CELLS = 8
"""From one number of the axis to the next, at the least."""


@dataclass(frozen=True, kw_only=True)
class Glyphs:
    """What a plot is drawn with, one cell each."""

    low: str
    high: str
    bar: str
    point: str
    zero: str
    zero_on_bar: str
    margin: str
    axis: str
    tick: str


UNICODE = Glyphs(
    low="├", high="┤", bar="─", point="●", zero="│", zero_on_bar="┼", margin="░", axis="─", tick="┴"
)  # fmt: skip
ASCII = Glyphs(low="[", high="]", bar="-", point="o", zero="|", zero_on_bar="+", margin=":", axis="-", tick="+")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One contrast."""

    label: str
    short: str
    """What it is called where the label would leave no room for the plot."""
    points: tuple[float, ...]
    """The mean difference, or the differences themselves where there are one or two."""
    low: float | None = None
    high: float | None = None
    margin: float | None = None
    """Of the claim on it, if there is one."""
    numbers: str = ""
    """What is written to the right of it."""


@dataclass(frozen=True)
class _Axis:
    """Where a value stands among the columns of a plot."""

    start: float
    end: float
    width: int

    def column(self, value: float) -> int:
        """The column of a value; values beyond the axis stand at its ends."""
        if math.isnan(value):
            return 0
        share = (min(max(value, self.start), self.end) - self.start) / (self.end - self.start)
        return round(share * (self.width - 1))


def forest(rows: Sequence[Row], width: int, *, ascii_only: bool = False) -> list[Line]:
    """The rows of the plot and its axis, two lines; nothing without a row.

    Args:
        rows: of the plot.
        width: in cells, of all of it.
        ascii_only: whether only ASCII may be used.
    """
    if not rows:
        return []
    numbers = widest([row.numbers for row in rows])
    labels = [row.label for row in rows]
    if width - _beside(labels, numbers) < MIN_PLOT_CELLS:
        labels = [row.short for row in rows]
    if width - _beside(labels, numbers) < MIN_PLOT_CELLS:
        room = max(width - MIN_PLOT_CELLS - numbers - 2 * GAP, MIN_PLOT_CELLS - 4)
        labels = [cut(label, room, ascii_only=ascii_only) for label in labels]
    if width - _beside(labels, numbers) < MIN_PLOT_CELLS:
        numbers = 0
        labels = [
            cut(row.short, max(width - MIN_PLOT_CELLS - GAP, MIN_PLOT_CELLS - 4), ascii_only=ascii_only) for row in rows
        ]
    room = max(min(width - _beside(labels, numbers), MAX_PLOT_CELLS), 1)
    glyphs = ASCII if ascii_only else UNICODE
    axis = _axis(rows, room)
    named = widest(labels)
    lines: list[Line] = []
    for row, label in zip(rows, labels, strict=True):
        before = Span(text=f"{label}{' ' * (named - widest([label]) + GAP)}")
        after = Span(text=f"{' ' * GAP}{row.numbers}" if numbers else "")
        lines.append((before, *_drawn(row, axis, glyphs), after))
    indent = Span(text=" " * (named + GAP))
    return [*lines, *((indent, Span(text=text, style="faint")) for text in _ruler(axis, glyphs))]


def _beside(labels: Sequence[str], numbers: int) -> int:
    """The cells that are not the plot's."""
    return widest(labels) + GAP + (numbers + GAP if numbers else 0)


def _axis(rows: Sequence[Row], width: int) -> _Axis:
    """From the smallest to the largest of what is drawn, zero among it."""
    drawn = [x for row in rows for x in (*row.points, row.low, row.high, row.margin)]
    drawn += [-row.margin for row in rows if row.margin is not None]
    finite = [x for x in drawn if x is not None and math.isfinite(x)]
    start, end = min([0.0, *finite]), max([0.0, *finite])
    if not math.isfinite(end - start) or start == end:
        start, end = -1.0, 1.0
    return _Axis(start, end, width)


def _drawn(row: Row, axis: _Axis, glyphs: Glyphs) -> list[Span]:
    cells = [" "] * axis.width
    margin = [False] * axis.width
    if row.margin is not None:
        for column in range(axis.column(-row.margin), axis.column(row.margin) + 1):
            cells[column], margin[column] = glyphs.margin, True
    zero = axis.column(0.0)
    cells[zero], margin[zero] = glyphs.zero, False
    if row.low is not None and row.high is not None:
        low, high = axis.column(row.low), axis.column(row.high)
        for column in range(low, high + 1):
            cells[column] = glyphs.zero_on_bar if column == zero else glyphs.bar
            margin[column] = False
        if low < high:
            cells[low], cells[high] = glyphs.low, glyphs.high
    for point in row.points:
        column = axis.column(point)
        cells[column], margin[column] = glyphs.point, False
    return _spans(cells, margin)


def _spans(cells: Sequence[str], faint: Sequence[bool]) -> list[Span]:
    """Neighbours of one style as one piece."""
    spans: list[Span] = []
    start = 0
    for end in range(1, len(cells) + 1):
        if end == len(cells) or faint[end] != faint[start]:
            spans.append(Span(text="".join(cells[start:end]), style="faint" if faint[start] else ""))
            start = end
    return spans


def _ruler(axis: _Axis, glyphs: Glyphs) -> tuple[str, str]:
    """The line under the plot, and the numbers under it: round ones, zero always among them."""
    step = _round_up((axis.end - axis.start) * _MIN_TICK_CELLS / max(axis.width, _MIN_TICK_CELLS))
    first, last = math.ceil(axis.start / step - 1e-9), math.floor(axis.end / step + 1e-9)
    line = [glyphs.axis] * axis.width
    below = [" "] * axis.width
    for count in sorted(range(first, last + 1), key=abs):
        text = f"{count * step:.6g}".replace("-", MINUS if glyphs is UNICODE else "-")
        column = axis.column(count * step)
        start = min(max(column - (len(text) - 1) // 2, 0), max(axis.width - len(text), 0))
        room = below[max(start - 1, 0) : start + len(text) + 1]
        if len(text) > axis.width or any(cell != " " for cell in room):
            continue
        below[start : start + len(text)] = text
        line[column] = glyphs.tick
    return "".join(line), "".join(below)


def _round_up(size: float) -> float:
    """The least of 1, 2 and 5 times a power of ten that is no smaller."""
    magnitude = 10.0 ** math.floor(math.log10(size))
    return next((factor * magnitude for factor in (1, 2, 5) if factor * magnitude >= size), 10 * magnitude)
