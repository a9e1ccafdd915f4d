"""Diagnostics over the training, and over the depth of the network."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ablate.config.diagnostic import DIAGNOSTICS, MOMENTS
from ablate.report.figures.panels import panels
from ablate.report.figures.style import ACCENT, COLOURS, FAINT, INK, SIZE_PT, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NOT_MEASURED = "No diagnostic was measured."

ByMoment = Mapping[str, float]
"""Moment of the training → value."""
ByLayer = Mapping[str, Mapping[str, float]]
"""Moment → layer → value, the layers from the input to the output."""


def over_time(found: Mapping[str, Mapping[str, ByMoment]], baseline: str | None = None) -> "Figure":
    """Draws each diagnostic at the start, the middle and the end of the training: a line for each design point.

    Args:
        found: diagnostic → design point → its means; one or more.
        baseline: the design point that is coloured; the others are grey. None: all are coloured.

    Raises:
        ValueError: no diagnostic was measured.
    """
    if not found:
        raise ValueError(NOT_MEASURED)
    from matplotlib.ticker import MaxNLocator

    with style():
        titles = [DIAGNOSTICS[name].title for name in found]
        xlabel = f"moment of the training (coloured: {baseline})" if baseline else "moment of the training"
        figure, grid = panels(titles, xlabel=xlabel, ylabel="", share_y=False)
        for axes, points in zip(grid, found.values(), strict=True):
            for name, means in points.items():
                is_base = name == baseline or baseline is None
                values = [means.get(moment, math.nan) for moment in MOMENTS]
                axes.plot(
                    range(len(MOMENTS)),
                    values,
                    color=ACCENT if is_base else FAINT,
                    linewidth=1.8 if is_base else 0.8,
                    marker="o",
                    markersize=3.5 if is_base else 2,
                    zorder=3 if is_base else 2,
                )
            axes.set_xticks(range(len(MOMENTS)), MOMENTS)
            axes.yaxis.set_major_locator(MaxNLocator(4))
        return figure


def over_depth(found: Mapping[str, ByLayer], name: str) -> "Figure":
    """Draws one diagnostic over the layers: a panel for each design point, a line for each moment of the training.

    Args:
        found: design point → its means over the replicates; one or more.
        name: the name of the diagnostic.
    """
    with style():
        known = DIAGNOSTICS.get(name)
        xlabel = "layer, from the input to the output"
        figure, grid = panels(list(found), xlabel=xlabel, ylabel=known.title if known else name, share_x=False)
        for axes, by_moment in zip(grid, found.values(), strict=True):
            drawn = [moment for moment in MOMENTS if moment in by_moment]
            for moment in drawn:
                values: Sequence[float] = list(by_moment[moment].values())
                places = range(1, len(values) + 1)
                colour = COLOURS[MOMENTS.index(moment)]
                axes.plot(places, values, color=colour, marker="o", markersize=3, linewidth=1.3, label=moment)
            if known and known.ratio and all(v > 0 for each in by_moment.values() for v in each.values()):
                axes.set_yscale("log")
        grid[0].legend(fontsize=SIZE_PT - 1, frameon=False, labelcolor=INK)
        return figure
