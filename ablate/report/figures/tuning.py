"""Tuning curves: a panel for each arm and setting, with the metric at each value, and the value chosen."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ablate.analysis.summary import Summary, TunedArm, TuningSummary
from ablate.report.figures.panels import panels
from ablate.report.figures.style import ACCENT, FAINT, INK, SIZE_PT, style
from ablate.report.text.arm import arm_name, arm_names, best, values
from ablate.report.text.finding import response_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NOT_TUNED = "Nothing of this study was tuned, or its tuning is not finished."
LOG_SCALE_RATIO = 10.0
"""Largest over smallest value of a setting, from which the axis is logarithmic."""


def tuning(summary: Summary) -> "Figure":
    """Draws the mean of the tuning metric over the tuning seeds, at each value of each setting.

    Where several settings were tuned, the metric at a value is the best over the values of the others. Shorter budgets
    are grey lines.

    Raises:
        ValueError: nothing was tuned.
    """
    tuned = summary.tuning
    if tuned is None or not tuned.arms:
        raise ValueError(NOT_TUNED)
    names = arm_names(summary, tuned)
    drawn = [(arm, key) for arm in tuned.arms for key in tuned.settings]
    one = len(tuned.settings) == 1
    titles = [arm_name(names, arm) if one else f"{arm_name(names, arm)}: {key}" for arm, key in drawn]
    with style():
        xlabel = f"{tuned.settings[0]} (ringed: chosen)" if one else "setting (ringed: chosen)"
        figure, grid = panels(titles, xlabel=xlabel, ylabel=response_name(tuned.metric), share_x=one)
        for axes, (arm, key) in zip(grid, drawn, strict=True):
            _draw(axes, tuned, arm, key)
        return figure


def _draw(axes: "Axes", tuned: TuningSummary, arm: TunedArm, key: str) -> None:
    tried = values(tuned, key)
    is_numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in tried)
    at: Sequence[Any] = tried if is_numeric else range(len(tried))
    if is_numeric and tried[0] > 0 and tried[-1] / tried[0] >= LOG_SCALE_RATIO:
        axes.set_xscale("log")
    for number, candidates in enumerate(arm.rungs):
        is_last = number == len(arm.rungs) - 1
        means = [math.nan if mean is None else mean for mean in best(candidates, key, tried, tuned.better)]
        colour = ACCENT if is_last else FAINT
        axes.plot(at, means, color=colour, linewidth=1.6 if is_last else 0.9, marker="o", markersize=3.5)
        chosen = tried.index(arm.chosen[key])
        if is_last and math.isfinite(means[chosen]):
            axes.plot(
                [at[chosen]], [means[chosen]], marker="o", markersize=9, markerfacecolor="none", color=INK, linestyle=""
            )
    axes.set_xticks(list(at), [f"{value:g}" if is_numeric else str(value) for value in tried], fontsize=SIZE_PT - 1)
    axes.minorticks_off()
