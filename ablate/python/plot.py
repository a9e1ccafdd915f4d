"""Figures of results for a notebook, a paper or a file."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablate.analysis.summary import Summary
from ablate.config.spec import Response
from ablate.errors import ConfigError, StoreError, unknown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS = ("forest", "effects", "interaction", "curves", "tuning")
FORMATS = ("svg", "pdf", "png")
PNG_DOTS_PER_INCH = 200


@dataclass(frozen=True, kw_only=True)
class Plot:
    """A figure, which a notebook shows. `figure` is a `matplotlib.figure.Figure`, and can be changed as any other."""

    figure: "Figure" = field(repr=False)
    title: str
    description: str = field(repr=False)
    """What the figure shows, in words: for screen readers."""

    def save(self, path: str | Path) -> Path:
        """Writes the figure as SVG, PDF or PNG, as the ending of the path says; returns the path.

        Raises:
            ConfigError: the path has another ending.
            StoreError: the file cannot be written.
        """
        from ablate.report.figures.style import style
        from ablate.report.figures.svg import svg

        to = Path(path)
        suffix = to.suffix.lower().removeprefix(".")
        if suffix not in FORMATS:
            raise ConfigError(unknown("format of a figure", suffix or str(to), FORMATS))
        try:
            if suffix == "svg":
                to.write_text(svg(self.figure, title=self.title, description=self.description), encoding="utf-8")
            else:
                with style():
                    self.figure.savefig(to, format=suffix, dpi=PNG_DOTS_PER_INCH)
        except OSError as error:
            raise StoreError(f"{to} cannot be written: {error.strerror or error}.") from error
        return to

    def _repr_svg_(self) -> str:
        """What a notebook shows."""
        from ablate.report.figures.svg import svg

        return svg(self.figure, title=self.title, description=self.description)


def plot(kind: str, summary: Summary, curves: "Sequence[dict[str, Any]] | None", options: dict[str, Any]) -> Plot:
    """Draws one kind of figure.

    Args:
        kind: one of `KINDS`; `forest` without a verdict draws `effects`.
        summary: of the study.
        curves: a row for each trial and epoch; None: there are none.
        options: `factors` of `interaction`, `metric` of `curves`.

    Raises:
        ConfigError: the kind or the option is unknown, or the study has nothing of that kind to draw.
    """
    if kind not in KINDS:
        raise ConfigError(unknown("kind of figure", kind, KINDS))
    known = {"interaction": ("factors",), "curves": ("metric",)}.get(kind, ())
    if strange := [name for name in options if name not in known]:
        raise ConfigError(f"plot({kind!r}) takes no {strange[0]!r}. Valid: {', '.join(known) or 'no option'}.")
    try:
        if kind == "forest":
            return _forest(summary)
        if kind == "effects":
            return _effects(summary)
        if kind == "interaction":
            return _interaction(summary, **options)
        return _curves(summary, curves or (), **options) if kind == "curves" else _tuning(summary)
    except ValueError as error:
        raise ConfigError(f"{error} print(result) shows what the study has.") from error


def _forest(summary: Summary) -> Plot:
    from ablate.report.figures.forest import description, forest

    response = Response(name=summary.response, better=summary.better, trivial=summary.trivial)
    verdicts = (*summary.verdicts, *summary.later)
    if not verdicts and any(contrast.paired.n for contrast in summary.contrasts):
        return _effects(summary)
    return Plot(figure=forest(verdicts, response), title=summary.question, description=description(verdicts, response))


def _effects(summary: Summary) -> Plot:
    from ablate.report.figures.effects import effects
    from ablate.report.screen import contrast_rows

    about = f"Difference in {summary.response} of each contrast, with its interval and the margin of a claim on it."
    figure = effects(contrast_rows.effects(summary), summary.response)
    return Plot(figure=figure, title=f"Effects: {summary.question}", description=about)


def _interaction(summary: Summary, factors: Sequence[str] = ()) -> Plot:
    from ablate.report.figures.interaction import interaction

    there = list(summary.points[0].levels) if summary.points else []
    if strange := [name for name in factors if name not in there]:
        raise ConfigError(unknown("factor of this study", strange[0], there))
    about = f"Mean {summary.response} over the levels of each pair of crossed factors, with each replicate."
    return Plot(figure=interaction(summary, factors), title=f"Interactions: {summary.question}", description=about)


def _tuning(summary: Summary) -> Plot:
    from ablate.report.figures.tuning import tuning

    about = (
        f"{summary.tuning.metric} over {', '.join(summary.tuning.settings)}, for each arm." if summary.tuning else ""
    )
    return Plot(figure=tuning(summary), title=f"Tuning: {summary.question}", description=about)


def _curves(summary: Summary, rows: Sequence[dict[str, Any]], metric: str | None = None) -> Plot:
    from ablate.report.figures.curve_rows import by_point, metrics
    from ablate.report.figures.curves import curves

    there = metrics(summary, rows)
    if metric is not None and metric not in there:
        raise ConfigError(unknown("curve", metric, there))
    chosen = metric or there[0]
    found, baseline = by_point(summary, rows, chosen)
    about = f"{chosen} over the epochs, for each design point: the mean over replicates and the band that they span."
    figure = curves(found, chosen, baseline=baseline)
    return Plot(figure=figure, title=f"Learning curves: {summary.question}", description=about)
