"""Response against capacity: each design point at the number of parameters of its network."""

from typing import TYPE_CHECKING

from ablate.analysis.summary import Summary
from ablate.report.figures.style import ACCENT, COLOURS, FAINT, INK, PAPER, SIZE_PT, style
from ablate.report.text.finding import response_name
from ablate.report.text.point_name import point_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MIN_RATIO = 1.05
"""Largest over smallest number of parameters, below which nothing is drawn."""
SAME_CAPACITY = "The design points differ by less than 5% in parameters, or their numbers are not known."
MAX_NAMED = 12
"""Design points up to which each has its name beside it."""
WIDTH_IN, HEIGHT_IN = 6.4, 3.4
LOG_SCALE_RATIO = 3.0
"""Largest over smallest number of parameters, from which the axis is logarithmic."""


def capacity(summary: Summary) -> "Figure":
    """Draws the mean response of each design point, with its interval, against its number of parameters.

    Raises:
        ValueError: the numbers of parameters differ by less than 5%, or are not known.
    """
    from matplotlib.figure import Figure

    points = [point for point in summary.points if point.parameters is not None and point.mean is not None]
    sizes = {point.parameters for point in points if point.parameters is not None}
    if not sizes or max(sizes) < MIN_RATIO * min(sizes):
        raise ValueError(SAME_CAPACITY)
    names = point_names(summary)
    points.sort(key=lambda point: point.mean.value if point.mean else 0.0)
    with style():
        figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), facecolor=PAPER, layout="constrained")
        axes = figure.subplots()
        for number, point in enumerate(points):
            assert point.mean is not None
            assert point.parameters is not None
            colour = COLOURS[1] if point.baseline else ACCENT
            if point.mean.low is not None and point.mean.high is not None:
                ends = [point.mean.low, point.mean.high]
                axes.plot([point.parameters] * 2, ends, color=colour, linewidth=1.2, alpha=0.6)
            axes.plot([point.parameters], [point.mean.value], "o", color=colour, markersize=5, linestyle="")
            if len(points) <= MAX_NAMED:
                is_left = bool(number % 2)  # names of neighbours do not overlap
                axes.annotate(
                    names.of(point.levels),
                    (point.parameters, point.mean.value),
                    xytext=(-5 if is_left else 5, 3),
                    ha="right" if is_left else "left",
                    textcoords="offset points",
                    fontsize=SIZE_PT - 1,
                    color=INK,
                )
        axes.margins(x=0.25)
        if min(sizes) > 0 and max(sizes) / min(sizes) >= LOG_SCALE_RATIO:
            axes.set_xscale("log")
        axes.set_xlabel("parameters", fontsize=SIZE_PT, color=INK)
        axes.set_ylabel(response_name(summary.response), fontsize=SIZE_PT, color=INK)
        axes.tick_params(labelsize=SIZE_PT, colors=FAINT, length=3)
        for side in ("right", "top"):
            axes.spines[side].set_visible(False)
        return figure
