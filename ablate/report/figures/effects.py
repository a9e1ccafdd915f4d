"""Effects: the difference of each contrast with its interval, on one axis with zero."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ablate.report.figures.style import ACCENT, BAND, FAINT, INK, PAPER, SIZE_PT, style
from ablate.report.text.finding import response_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH_IN, ROW_IN, AXIS_IN = 7.5, 0.28, 0.6
"""Of the figure, of one contrast's row, and of the axis with its label."""
NO_CONTRAST = "There is no contrast to draw."


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One contrast. All numbers are in the units of the response."""

    label: str
    values: tuple[float, ...]
    """The mean difference over the replicates; with one or two replicates, the difference of each."""
    low: float | None = None
    high: float | None = None
    """The ends of the interval; None: there is none."""
    margin: float | None = None
    """The margin of a claim on the contrast; None: no claim is about it."""


def effects(found: Sequence[Effect], response: str) -> "Figure":
    """Draws contrasts from top to bottom. Where the interval excludes zero, the point is filled.

    Args:
        found: the contrasts, one or more.
        response: the name of the response.

    Raises:
        ValueError: there is no contrast.
    """
    if not found:
        raise ValueError(NO_CONTRAST)
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    with style():
        size = (WIDTH_IN, ROW_IN * len(found) + AXIS_IN)
        figure = Figure(figsize=size, facecolor=PAPER, layout="constrained")
        axes = figure.subplots()
        for y, effect in enumerate(found):
            if effect.margin is not None:
                band = Rectangle((-effect.margin, y - 0.5), 2 * effect.margin, 1, color=BAND, linewidth=0, zorder=1)
                axes.add_patch(band)
            excludes_zero = effect.low is not None and effect.high is not None and not effect.low <= 0 <= effect.high
            if effect.low is not None and effect.high is not None:
                axes.plot([effect.low, effect.high], [y, y], color=ACCENT, linewidth=2, zorder=3)
            face = ACCENT if excludes_zero else PAPER
            places = [y] * len(effect.values)
            axes.plot(
                effect.values, places, "o", markersize=5.5, color=ACCENT, markerfacecolor=face, zorder=4, linestyle=""
            )
        axes.axvline(0, color=INK, linewidth=0.8, zorder=2)
        axes.set_ylim(len(found) - 0.5, -0.5)
        axes.set_yticks(range(len(found)), [effect.label for effect in found], fontsize=SIZE_PT, color=INK)
        axes.tick_params(axis="x", labelsize=SIZE_PT, colors=FAINT, length=3)
        axes.tick_params(axis="y", length=0)
        for side in ("left", "right", "top"):
            axes.spines[side].set_visible(False)
        axes.spines["bottom"].set_color(FAINT)
        axes.set_xlabel(f"difference in {response_name(response)}", fontsize=SIZE_PT, color=INK)
        return figure
