"""A forest plot: for each claim the difference with its interval, the margin as a band around zero, and the outcome."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ablate.analysis.claims.claim import sides
from ablate.analysis.summary import Verdict
from ablate.config.spec import Claim, Response
from ablate.report.figures.style import BAND, FAINT, INK, PAPER, SIZE_PT, style
from ablate.report.text.finding import POINTS, finding, is_open, response_name, unit_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_IN = 5.4
"""A telephone shows the page at three quarters of its size, where text of this figure is still legible."""
EDGE_IN, TOP_IN = 0.2, 0.12
"""Margins on either side, and above."""
LINE_IN, STRIP_IN, GAP_IN, AXIS_IN = 0.17, 0.26, 0.14, 0.52
"""Height of a line of text, of the strip with an interval, of the gap below it, and of the axis with its label."""
LABEL_CHARACTERS, OUTCOME_CHARACTERS, LINE_CHARACTERS = 50, 20, 72
"""Most characters of a line of the label, of the outcome to its right, and of a line without an outcome."""
COLOURS = {"supported": "#0b6e4f", "equivalent": "#0b6e4f", "contradicted": "#b3261e"}
"""Outcome → colour. A claim that is not decided has the faint colour and a hollow point."""
NO_CLAIM = "There is no verdict to draw."


def forest(verdicts: Sequence[Verdict], response: Response) -> "Figure":
    """Draws the claims of a study from top to bottom; those on one scale share an axis.

    The difference is the first level of the claim minus the second, in percentage points for an accuracy, else in the
    unit of the response. The band reaches from minus the margin to the margin.

    Args:
        verdicts: in the order of their claims; one or more.
        response: the response that they are about.

    Raises:
        ValueError: there is no verdict.
    """
    if not verdicts:
        raise ValueError(NO_CLAIM)
    with style():
        return _forest(verdicts, response)


def description(verdicts: Sequence[Verdict], response: Response) -> str:
    """A forest plot in words: for each claim its outcome, the difference, the interval, the margin and n."""
    found = [f"{v.heading[:1].upper()}{v.heading[1:]}: {': '.join(finding(v, response))}." for v in verdicts]
    return " ".join(found).replace("`", "")


def _forest(verdicts: Sequence[Verdict], response: Response) -> "Figure":
    from matplotlib.figure import Figure

    scales = list(dict.fromkeys(verdict.claim.scale for verdict in verdicts))
    groups = [[verdict for verdict in verdicts if verdict.claim.scale == scale] for scale in scales]
    heights = [sum(map(_height, group)) for group in groups]
    total = sum(heights) + len(groups) * (TOP_IN + AXIS_IN)
    figure = Figure(figsize=(WIDTH_IN, total), facecolor=PAPER)
    top = total
    for group, height in zip(groups, heights, strict=True):
        bottom = top - TOP_IN - height
        rectangle = (EDGE_IN / WIDTH_IN, bottom / total, 1 - 2 * EDGE_IN / WIDTH_IN, height / total)
        _draw(figure.add_axes(rectangle), group, response, height)
        top = bottom - AXIS_IN
    return figure


def _label(verdict: Verdict) -> list[tuple[str, str]]:
    """Lines with their colours: what the claim compares, then where."""
    claim = verdict.claim
    arm, reference = sides(claim)
    compared = f"{arm}: {reference}" if claim.value is not None else f"{claim.subject}: {arm} vs {reference}"
    lines = [(line, INK) for line in textwrap.wrap(compared, LABEL_CHARACTERS)]
    is_free = len(lines) >= len(_outcome(verdict))  # its lines have no outcome on the right
    at = f"at {claim.place}" if claim.at and claim.value is None else ""
    across = f"across {claim.across}" if claim.across else ""
    where = textwrap.wrap(" ".join(filter(None, [at, across])), LINE_CHARACTERS if is_free else LABEL_CHARACTERS)
    return [*lines, *((line, FAINT) for line in where)]


def _outcome(verdict: Verdict) -> list[str]:
    return textwrap.wrap(verdict.heading, OUTCOME_CHARACTERS)


def _height(verdict: Verdict) -> float:
    return LINE_IN * _lines(verdict) + STRIP_IN + GAP_IN


def _lines(verdict: Verdict) -> int:
    return max(len(_label(verdict)), len(_outcome(verdict)))


def _draw(axes: "Axes", verdicts: Sequence[Verdict], response: Response, height: float) -> None:
    """One axis with its claims. The vertical axis is in inches from the top."""
    at = 0.0
    for verdict in verdicts:
        _write(axes, verdict, at)
        _draw_strip(axes, verdict, response, at + LINE_IN * _lines(verdict))
        at += _height(verdict)
    axes.set_ylim(height, 0)
    axes.set_yticks([])
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.tick_params(axis="x", labelsize=SIZE_PT, colors=FAINT, length=3)
    axes.margins(x=0.03)
    axes.autoscale_view(scaley=False)
    axes.set_xlabel(_axis_label(verdicts[0].claim, response), fontsize=SIZE_PT, color=INK)


def _write(axes: "Axes", verdict: Verdict, top: float) -> None:
    """What the claim compares on the left, its outcome on the right."""
    across = axes.get_yaxis_transform()  # x as a share of the axis, y in inches
    outcome = [(line, _colour(verdict)) for line in _outcome(verdict)]
    for x, align, lines in ((0.0, "left", _label(verdict)), (1.0, "right", outcome)):
        for number, (line, colour) in enumerate(lines):
            y = top + LINE_IN * (number + 0.5)
            axes.text(x, y, line, transform=across, ha=align, va="center_baseline", fontsize=SIZE_PT, color=colour)


def _draw_strip(axes: "Axes", verdict: Verdict, response: Response, top: float) -> None:
    """The band of the margin, zero, and the difference with its interval."""
    from matplotlib.patches import Rectangle

    of, colour, middle = unit_of(verdict.claim, response), _colour(verdict), top + STRIP_IN / 2
    margin = of.factor * verdict.margin
    axes.add_patch(Rectangle((-margin, top), 2 * margin, STRIP_IN, color=BAND, linewidth=0, zorder=1))
    axes.plot([0, 0], [top, top + STRIP_IN], color=INK, linewidth=0.8, solid_capstyle="butt", zorder=2)
    if verdict.interval is None:
        return
    interval = of.scaled(verdict.interval)
    if interval.low is not None and interval.high is not None:
        axes.plot([interval.low, interval.high], [middle, middle], color=colour, linewidth=2.2, zorder=3)
    face = PAPER if is_open(verdict) else colour
    axes.plot([interval.value], [middle], marker="o", markersize=6, color=colour, markerfacecolor=face, zorder=4)


def _colour(verdict: Verdict) -> str:
    return FAINT if is_open(verdict) else COLOURS[verdict.outcome or ""]


def _axis_label(claim: Claim, response: Response) -> str:
    name, of = response_name(response.name), unit_of(claim, response)
    in_units = f", in {of.name}" if of.name == POINTS else f", of its {of.name}" if of.name else ""
    return f"difference in {name}{in_units}"
