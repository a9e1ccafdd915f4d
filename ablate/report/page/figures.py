"""The figures of a study, in their order. A figure that has nothing to show is left out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ablate.config.diagnostic import DIAGNOSTICS
from ablate.config.spec import Response
from ablate.report.page.source import Source

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_PANELS = 48
"""Panels of one figure. What has more is in the tables alone."""


@dataclass(frozen=True, kw_only=True)
class PageFigure:
    """A figure with its texts."""

    id: str
    """The anchor that links name."""
    title: str
    about: str
    """A caption of a sentence or two."""
    figure: "Figure"

    @property
    def description(self) -> str:
        """For those who do not see it."""
        return f"{self.title}. {self.about}"


def answer_figure(source: Source) -> PageFigure | None:
    """The claims with their intervals and margins, described by the findings; None where no claim has a verdict."""
    from ablate.report.figures.forest import description, forest

    summary = source.results.summary
    verdicts = (*summary.verdicts, *summary.later)
    if not verdicts:
        return None
    response = Response(name=summary.response, better=summary.better, trivial=summary.trivial)
    return PageFigure(
        id="claims", title="Claims", about=description(verdicts, response), figure=forest(verdicts, response)
    )


def all_figures(source: Source) -> Iterator[PageFigure]:
    """The figure of the answer, where there is one, and all others."""
    if (answer := answer_figure(source)) is not None:
        yield answer
    yield from further_figures(source)


def further_figures(source: Source) -> Iterator[PageFigure]:
    """All figures but that of the answer, each drawn when it is its turn."""
    for id, title, about, draw in (
        ("effects", "Effects", EFFECTS, _effects),
        ("interactions", "Interactions", INTERACTIONS, _interactions),
        ("curves", "Learning curves", CURVES, _curves),
        ("tuning-curves", "Tuning", TUNING, _tuning),
        ("capacity", "Capacity", CAPACITY, _capacity),
        ("over-time", "Diagnostics over the training", OVER_TIME, _over_time),
    ):
        try:
            figure = draw(source)
        except ValueError:  # the study has nothing to show there
            continue
        yield PageFigure(id=id, title=title, about=about, figure=figure)
    for name, figure in _over_depth(source):
        title = f"Over depth: {DIAGNOSTICS[name].title}"
        yield PageFigure(id=f"depth-{name.replace('_', '-')}", title=title, about=OVER_DEPTH, figure=figure)


EFFECTS = (
    "Each contrast with its interval; the band is the margin of a claim on it. A filled point has an interval that "
    "excludes zero. Only claims that were stated before the trials are tested; the other contrasts are descriptive."
)
INTERACTIONS = (
    "The mean response over the levels of two factors, averaged over all others. Large marks are means over the "
    "replicates, small ones single replicates. Lines that are not parallel are an interaction."
)
CURVES = "The mean over the replicates; the band is their range. Grey: the baseline."
TUNING = "The mean metric of each candidate over the tuning seeds. A ring marks the choice. Grey: shorter budgets."
CAPACITY = "The mean response of each design point, with its interval, against its number of parameters."
OVER_TIME = "Means over the replicates: before the first step, after half of the epochs, and after the last step."
OVER_DEPTH = "Means over the replicates, from the first layer that has the diagnostic to the last."


def _effects(source: Source) -> "Figure":
    from ablate.report.figures.effects import effects
    from ablate.report.screen import contrast_rows

    return effects(contrast_rows.effects(source.results.summary), source.results.summary.response)


def _interactions(source: Source) -> "Figure":
    from ablate.report.figures.interaction import interaction

    return interaction(source.results.summary)


def _curves(source: Source) -> "Figure":
    from ablate.report.figures.curve_rows import by_point, metrics
    from ablate.report.figures.curves import curves

    summary, rows = source.results.summary, source.curves()
    metric = metrics(summary, rows)[0]
    found, baseline = by_point(summary, rows, metric)
    _check_panels(len(found))
    return curves(found, metric, baseline=baseline)


def _tuning(source: Source) -> "Figure":
    from ablate.report.figures.tuning import tuning

    tuned = source.results.summary.tuning
    _check_panels(len(tuned.arms) * len(tuned.settings) if tuned else 1)
    return tuning(source.results.summary)


def _capacity(source: Source) -> "Figure":
    from ablate.report.figures.capacity import capacity

    return capacity(source.results.summary)


def _over_time(source: Source) -> "Figure":
    from ablate.report.figures.diagnostics import over_time
    from ablate.report.text.point_name import point_names

    summary = source.results.summary
    names = point_names(summary)
    found = {
        name: {names.of(p.levels): p.diagnostics[name] for p in summary.points if name in p.diagnostics}
        for name in DIAGNOSTICS
        if any(name in point.diagnostics for point in summary.points)
    }
    baseline = next((names.of(point.levels) for point in summary.points if point.baseline), None)
    return over_time(found, baseline if len(summary.points) > 1 else None)


def _over_depth(source: Source) -> "Iterator[tuple[str, Figure]]":
    """A figure for each diagnostic that the study names for its tables."""
    from ablate.report.figures.diagnostics import over_depth
    from ablate.report.text.point_name import point_names

    summary = source.results.summary
    names, layers = point_names(summary), source.layers() if summary.diagnostics else ()
    for name in summary.diagnostics:
        found = {names.of(levels): by_name[name] for levels, by_name in layers if name in by_name}
        depth = max((len(layer) for moments in found.values() for layer in moments.values()), default=0)
        if depth > 1 and len(found) <= MAX_PANELS:
            yield name, over_depth(found, name)


def _check_panels(number: int) -> None:
    if number > MAX_PANELS:
        raise ValueError(f"{number} panels are more than {MAX_PANELS}.")
