"""A forest plot: for each claim the difference with its interval, the margin as a band around zero, and the outcome."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ablate.analyze.claims.claim import sides
from ablate.analyze.summary import Verdict
from ablate.config.spec import Claim, Response
from ablate.report.figures.style import BAND, FAINT, INK, PAPER, SIZE_PT, style
from ablate.report.text.finding import POINTS, finding, response_name, unit_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_IN = 7.2
LABEL_IN, OUTCOME_IN, EDGE_IN = 2.45, 1.15, 0.1
"""Beside the plot: the claims, their outcomes, and what is left free at either edge."""
LINE_IN, GAP_IN, AXIS_IN = 0.17, 0.2, 0.52
"""Height of a line of text, of the gap between two claims, and of the axis with its ticks and its label."""
LABEL_CHARACTERS = 36
COLOURS = {"supported": "#0b6e4f", "equivalent": "#0b6e4f", "contradicted": "#b3261e"}
"""Of what is decided; what is open has the faint colour and a hollow point."""
NO_CLAIM = "There is no verdict to draw."


def forest(verdicts: Sequence[Verdict], response: Response) -> "Figure":
    """Draws the claims of a study from top to bottom; those on one scale share an axis.

    The difference is the claim's first level − its second, in points where the response is an accuracy. A band has the
    width of the claim's margin, on either side of zero.

    Args:
        verdicts: on the claims, in their order; one or more.
        response: that they are about.

    Raises:
        ValueError: there is no verdict.
    """
    if not verdicts:
        raise ValueError(NO_CLAIM)
    with style():
        return _forest(verdicts, response)


def description(verdicts: Sequence[Verdict], response: Response) -> str:
    """What a forest plot shows, in words: of each claim its outcome, the difference, the interval, the margin and n."""
    found = [f"{v.heading[:1].upper()}{v.heading[1:]}: {': '.join(finding(v, response))}." for v in verdicts]
    return " ".join(found).replace("`", "")


def _forest(verdicts: Sequence[Verdict], response: Response) -> "Figure":
    from matplotlib.figure import Figure

    scales = list(dict.fromkeys(verdict.claim.scale for verdict in verdicts))
    groups = [[verdict for verdict in verdicts if verdict.claim.scale == scale] for scale in scales]
    heights = [sum(map(_height, group)) for group in groups]
    total = sum(heights) + len(groups) * AXIS_IN + EDGE_IN
    figure = Figure(figsize=(WIDTH_IN, total), facecolor=PAPER)
    top = total - EDGE_IN
    for group, height in zip(groups, heights, strict=True):
        left, width = EDGE_IN + LABEL_IN, WIDTH_IN - 2 * EDGE_IN - LABEL_IN - OUTCOME_IN
        axes = figure.add_axes((left / WIDTH_IN, (top - height) / total, width / WIDTH_IN, height / total))
        _draw(axes, group, response, height, width)
        top -= height + AXIS_IN
    return figure


def _label(claim: Claim) -> list[str]:
    """What the claim compares, and below it where; as lines."""
    arm, reference = sides(claim)
    compared = f"{arm} vs {reference}" if claim.value is None else f"{arm}: {reference}"
    where = f"at {claim.place}" if claim.at and claim.value is None else ""
    across = f"across {claim.across}" if claim.across else ""
    subject = [claim.subject] if claim.value is None else []
    texts = [*subject, compared, *filter(None, [where, across])]
    return [line for text in texts for line in textwrap.wrap(text, LABEL_CHARACTERS)]


def _height(verdict: Verdict) -> float:
    return LINE_IN * max(len(_label(verdict.claim)), len(_outcome(verdict))) + GAP_IN


def _outcome(verdict: Verdict) -> list[str]:
    return textwrap.wrap(verdict.heading, 18)


def _draw(axes: "Axes", verdicts: Sequence[Verdict], response: Response, height: float, width: float) -> None:
    """One axis with its claims; the vertical axis is in inches, from the top."""
    from matplotlib.patches import Rectangle

    middle, at = [], 0.0
    for verdict in verdicts:
        of, row = unit_of(verdict.claim, response), _height(verdict)
        margin = of.factor * verdict.margin
        axes.add_patch(Rectangle((-margin, at + 0.02), 2 * margin, row - 0.04, color=BAND, linewidth=0, zorder=1))
        middle.append(at + row / 2)
        at += row
    axes.axvline(0, color=INK, linewidth=0.8, zorder=2)
    for y, verdict in zip(middle, verdicts, strict=True):
        _draw_claim(axes, verdict, response, y, width)
    axes.set_ylim(height, 0)
    axes.set_yticks([])
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.tick_params(axis="x", labelsize=SIZE_PT, colors=FAINT, length=3)
    axes.margins(x=0.04)
    axes.autoscale_view(scaley=False)
    axes.set_xlabel(_axis_label(verdicts[0].claim, response), fontsize=SIZE_PT, color=INK)


def _draw_claim(axes: "Axes", verdict: Verdict, response: Response, y: float, width: float) -> None:
    of, is_open = unit_of(verdict.claim, response), verdict.outcome in (None, "inconclusive")
    colour = FAINT if is_open else COLOURS[verdict.outcome or ""]
    if verdict.interval is not None:
        interval = of.scaled(verdict.interval)
        if interval.low is not None and interval.high is not None:
            axes.plot([interval.low, interval.high], [y, y], color=colour, linewidth=2.2, zorder=3)
        axes.plot(
            [interval.value],
            [y],
            marker="o",
            markersize=6,
            color=colour,
            markerfacecolor=PAPER if is_open else colour,
            zorder=4,
        )
    across = axes.get_yaxis_transform()  # x as a share of the axis, y in inches
    lines = _label(verdict.claim)
    top = y - LINE_IN * (len(lines) - 1) / 2
    for number, line in enumerate(lines):
        axes.text(
            -LABEL_IN / width,
            top + number * LINE_IN,
            line,
            transform=across,
            fontsize=SIZE_PT,
            color=INK if number == 0 else FAINT,
            va="center_baseline",
        )
    lines = _outcome(verdict)
    top = y - LINE_IN * (len(lines) - 1) / 2
    for number, line in enumerate(lines):
        axes.text(
            1 + 0.1 / width,
            top + number * LINE_IN,
            line,
            transform=across,
            fontsize=SIZE_PT,
            color=colour,
            va="center_baseline",
        )


def _axis_label(claim: Claim, response: Response) -> str:
    name, of = response_name(response.name), unit_of(claim, response)
    in_units = f" in {of.name}" if of.name == POINTS else f" of its {of.name}" if of.name else ""
    return f"difference in {name}{f',{in_units}' if in_units else ''}"
