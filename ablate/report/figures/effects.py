"""Effects: the difference of each contrast with its interval, on one axis with zero."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ablate.report.figures.style import ACCENT, BAND, FAINT, INK, PAPER, SIZE_PT, style
from ablate.report.text.finding import response_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH_IN, ROW_IN, AXIS_IN = 7.5, 0.28, 0.6


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One contrast."""

    label: str
    values: tuple[float, ...]
    """Its difference; of one or two replicates, each difference."""
    low: float | None = None
    high: float | None = None
    margin: float | None = None
    """Of a claim on it, in the units of the response."""


def effects(found: Sequence[Effect], response: str) -> "Figure":
    """Draws contrasts from top to bottom; an interval that leaves zero out has a full point.

    Args:
        found: one or more.
        response: its name.
    """
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
            leaves_zero = effect.low is not None and effect.high is not None and not effect.low <= 0 <= effect.high
            if effect.low is not None and effect.high is not None:
                axes.plot([effect.low, effect.high], [y, y], color=ACCENT, linewidth=2, zorder=3)
            face = ACCENT if leaves_zero else PAPER
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
