"""Learning curves: a panel for each design point, with the mean over the replicates and their range."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ablate.report.figures.panels import panels
from ablate.report.figures.style import ACCENT, FAINT, style
from ablate.report.text.finding import response_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Curve = Mapping[int, float]
"""Epoch → the value after it. Epochs count from 1."""


def curves(found: Mapping[str, Sequence[Curve]], metric: str, *, baseline: str | None = None) -> "Figure":
    """Draws a metric over the epochs.

    Values that are not finite are left out: the curve of a replicate that diverged ends there.

    Args:
        found: design point → the curve of each replicate; one or more points.
        metric: its name, such as `val/loss`.
        baseline: the design point that every other panel repeats in grey; None: no panel does.
    """
    from matplotlib.ticker import MaxNLocator

    with style():
        xlabel = "epoch" if baseline is None else f"epoch (grey: {baseline})"
        figure, grid = panels(list(found), xlabel=xlabel, ylabel=response_name(metric))
        for axes, (name, replicates) in zip(grid, found.items(), strict=True):
            if baseline is not None and name != baseline:
                _mean(axes, found[baseline], FAINT, width=0.9)
            _band(axes, replicates)
            _mean(axes, replicates, ACCENT, width=1.6)
            axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
        return figure


def _by_epoch(replicates: Sequence[Curve]) -> dict[int, list[float]]:
    epochs = sorted({epoch for curve in replicates for epoch in curve})
    values = {epoch: [c[epoch] for c in replicates if epoch in c and math.isfinite(c[epoch])] for epoch in epochs}
    return {epoch: each for epoch, each in values.items() if each}


def _mean(axes: "Axes", replicates: Sequence[Curve], colour: str, *, width: float) -> None:
    values = _by_epoch(replicates)
    means = [math.fsum(each) / len(each) for each in values.values()]
    marker = "o" if len(means) == 1 else ""
    axes.plot(list(values), means, color=colour, linewidth=width, marker=marker, markersize=3)


def _band(axes: "Axes", replicates: Sequence[Curve]) -> None:
    values = _by_epoch(replicates)
    lowest, highest = [min(each) for each in values.values()], [max(each) for each in values.values()]
    axes.fill_between(list(values), lowest, highest, color=ACCENT, alpha=0.2, linewidth=0)
