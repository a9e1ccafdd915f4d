"""Interaction plots: the mean response over the levels of one factor, a line for each level of another."""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from ablate.analysis.summary import PointSummary, Summary
from ablate.report.figures.panels import panels
from ablate.report.figures.style import COLOURS, INK, SIZE_PT, style
from ablate.report.text.finding import response_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = "os^Dv"
MAX_UPRIGHT_CHARACTERS = 24
"""Characters of all levels below an axis, up to which they are not slanted."""
NO_PAIR = "No two factors of this study are crossed: every pair of factors lacks a combination of levels."

Levels = Mapping[str, Sequence[str]]


def interaction(summary: Summary, factors: Sequence[str] = ()) -> "Figure":
    """Draws a panel for each pair of factors that the design crosses. Lines that are not parallel are an interaction.

    A small mark is the mean of one replicate over the levels of all other factors, a large one that over replicates.

    Args:
        summary: the study's summary.
        factors: the factors whose pairs are drawn, two or more; default: all.

    Raises:
        ValueError: no two of them are crossed.
    """
    levels = summary.levels
    pairs = [pair for pair in combinations(factors or levels, 2) if _is_crossed(summary.points, pair, levels)]
    if not pairs:
        raise ValueError(NO_PAIR)
    with style():
        titles = [f"{across} × {lines}" for across, lines in pairs]
        figure, grid = panels(titles, xlabel="", ylabel=response_name(summary.response), share_x=False)
        for axes, (across, lines) in zip(grid, pairs, strict=True):
            _draw(axes, summary.points, across, lines, levels)
        return figure


def _draw(axes: "Axes", points: Sequence[PointSummary], across: str, lines: str, levels: Levels) -> None:
    places = range(len(levels[across]))
    for number, level in enumerate(levels[lines]):
        cells = [_cell(points, {across: other, lines: level}) for other in levels[across]]
        colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
        offset = (number - (len(levels[lines]) - 1) / 2) * 0.04  # equal values stay visible
        at = [place + offset for place in places]
        for x, values in zip(at, cells, strict=True):
            axes.plot([x] * len(values), values, linestyle="", marker=marker, markersize=2, color=colour, alpha=0.5)
        means = [math.fsum(values) / len(values) if values else math.nan for values in cells]
        axes.plot(at, means, color=colour, marker=marker, markersize=5, linewidth=1.4, label=level)
    is_long = sum(map(len, levels[across])) > MAX_UPRIGHT_CHARACTERS
    axes.set_xticks(list(places), levels[across], rotation=25 if is_long else 0, ha="right" if is_long else "center")
    axes.set_xlabel(across, fontsize=SIZE_PT, color=INK)
    axes.margins(x=0.15)
    axes.legend(title=lines, fontsize=SIZE_PT - 1, title_fontsize=SIZE_PT - 1, frameon=False, labelcolor=INK)


def _is_crossed(points: Sequence[PointSummary], pair: tuple[str, str], levels: Levels) -> bool:
    there = {tuple(point.levels[name] for name in pair) for point in points}
    return all((one, other) in there for one in levels[pair[0]] for other in levels[pair[1]])


def _cell(points: Sequence[PointSummary], at: Mapping[str, str]) -> list[float]:
    """The mean of each replicate over the design points at two levels; only replicates that all of them have."""
    found = [point for point in points if all(point.levels[name] == level for name, level in at.items())]
    responses = [dict(zip(point.replicates, point.values, strict=True)) for point in found]
    shared = sorted(set[int].intersection(*(set(each) for each in responses)))
    return [math.fsum(each[replicate] for each in responses) / len(responses) for replicate in shared]
