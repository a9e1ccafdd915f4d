"""The rows of the forest plot: the contrasts of a study, those with a claim first."""

from collections import Counter
from collections.abc import Callable, Sequence

from ablate.analysis.claims.claim import sides
from ablate.analysis.summary import INTERVAL_FROM, Contrast, Summary, Verdict
from ablate.report.figures.effects import Effect
from ablate.report.screen.forest import Row
from ablate.report.tables.contrasts import difference, difference_digits
from ablate.report.text.number import NO_BREAK, bounds, interval_name
from ablate.report.text.point_name import is_descriptive, point_names


def plotted(summary: Summary) -> list[Contrast]:
    """The contrasts that have a difference: those with a claim first, else in the order of the study."""
    margins = _margins(summary)
    found = [c for c in summary.contrasts if c.paired.n]
    return sorted(found, key=lambda contrast: _margin(contrast, margins) is None)


def title(summary: Summary, contrasts: Sequence[Contrast], *, margin: str) -> str:
    """What the plot shows.

    Args:
        summary: of the study.
        contrasts: that are drawn.
        margin: the sign that margins are drawn with.
    """
    kinds = {contrast.kind for contrast in contrasts}
    name = "Main effects" if kinds == {"main effect"} and _is_crossed(summary) else "Contrasts"
    interval = interval_name([contrast.paired.difference for contrast in contrasts])
    counts = {contrast.paired.n for contrast in contrasts}
    same = f", n = {counts.pop()}" if len(counts) == 1 else ""
    margins = _margins(summary)
    shaded = any(_margin(contrast, margins) is not None for contrast in contrasts)
    legend = f"; {margin}{NO_BREAK}margin" if shaded else ""
    return f"{name}: Δ of {summary.response}{f' [{interval}]' if interval else ''}{same}{legend}"


def rows(summary: Summary, contrasts: Sequence[Contrast], *, in_charset: Callable[[str], str]) -> list[Row]:
    """A row for each contrast."""
    names, margins = point_names(summary), _margins(summary)
    deltas = [contrast.paired.difference for contrast in contrasts]
    aligned = difference_digits(contrasts).padded(bounds(deltas))
    same = len({contrast.paired.n for contrast in contrasts}) == 1
    briefs = [_brief(contrast) for contrast in contrasts]
    shared = Counter(briefs)
    made: list[Row] = []
    for contrast, brief in zip(contrasts, briefs, strict=True):
        paired, place = contrast.paired, names.of(contrast.held)
        label = f"{contrast.name} at {place}" if contrast.kind == "simple" and place != names.origin else contrast.name
        interval = paired.difference
        numbers = difference(paired, aligned) + ("" if same else f"  n = {paired.n}")
        made.append(
            Row(
                label=in_charset(label),
                short=in_charset(brief if brief and shared[brief] == 1 else label),
                points=paired.differences if paired.n < INTERVAL_FROM else (interval.value,) if interval else (),
                low=interval.low if interval else None,
                high=interval.high if interval else None,
                margin=_margin(contrast, margins),
                numbers=in_charset(numbers),
            )
        )
    return made


def effects(summary: Summary) -> list[Effect]:
    """The contrasts as the figure of effects takes them; empty where no contrast has a difference."""
    return [
        Effect(label=row.label, values=tuple(row.points), low=row.low, high=row.high, margin=row.margin)
        for row in rows(summary, plotted(summary), in_charset=str)
    ]


def _is_crossed(summary: Summary) -> bool:
    return any(len(point.levels) > 1 for point in summary.points)


def _brief(contrast: Contrast) -> str:
    """The levels without their factor, where they say enough; else nothing."""
    if len(contrast.levels) != 1:
        return ""
    (level,), (reference,) = contrast.levels.values(), contrast.against.values()
    return f"{level} vs {reference}" if is_descriptive(level) else ""


def _margins(summary: Summary) -> list[Verdict]:
    """The verdicts on stated claims that have a margin in the response's units, on a contrast."""
    return [v for v in summary.verdicts if v.claim.contrast and v.claim.scale == "identity"]


def _margin(contrast: Contrast, verdicts: Sequence[Verdict]) -> float | None:
    """That of the last claim on the contrast; one that says where it holds is on a contrast that holds the same."""
    if len(contrast.levels) != 1:
        return None
    ((factor, level),) = contrast.levels.items()
    levels = {level, contrast.against.get(factor, "")}
    found = [
        v.margin
        for v in verdicts
        if (v.claim.subject, set(sides(v.claim))) == (factor, levels) and v.claim.at.items() <= contrast.held.items()
    ]
    return found[-1] if found else None
