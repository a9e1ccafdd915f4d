"""A grid of small panels that share their axes: one for each design point, arm or pair of factors."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ablate.report.figures.style import FAINT, INK, PAPER, SIZE_PT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 3
WIDTH_IN, HEIGHT_IN = 2.5, 1.7
"""The size of one panel, with its title and the labels of its axes."""
EDGE_IN = 0.45
"""The space for the labels of the whole figure's axes."""


def panels(
    titles: Sequence[str], *, xlabel: str, ylabel: str, share_x: bool = True, share_y: bool = True
) -> "tuple[Figure, list[Axes]]":
    """An empty figure with a panel for each title, from left to right and from top to bottom.

    Args:
        titles: the panels' titles; one or more.
        xlabel: the label below all panels; empty: each panel has its own.
        ylabel: the label beside all panels; empty: there is none.
        share_x: whether the panels have the same horizontal scale.
        share_y: whether the panels have the same vertical scale.
    """
    from matplotlib.figure import Figure

    columns = min(len(titles), COLUMNS)
    rows = -(-len(titles) // columns)
    size = (columns * WIDTH_IN + EDGE_IN, rows * HEIGHT_IN + EDGE_IN)
    figure = Figure(figsize=size, facecolor=PAPER, layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False, sharey=share_y, sharex=share_x).flatten().tolist()
    for title, axes in zip(titles, grid, strict=False):
        axes.set_title(title, fontsize=SIZE_PT, color=INK, wrap=True)
        axes.tick_params(labelsize=SIZE_PT, colors=FAINT, length=3, labelbottom=True)
        for side in ("right", "top"):
            axes.spines[side].set_visible(False)
        for side in ("left", "bottom"):
            axes.spines[side].set_color(FAINT)
    for axes in grid[len(titles) :]:
        axes.remove()
    if xlabel:
        figure.supxlabel(xlabel, fontsize=SIZE_PT, color=INK)
    if ylabel:
        figure.supylabel(ylabel, fontsize=SIZE_PT, color=INK)
    return figure, grid[: len(titles)]
