"""`ablate report`: a study as one HTML file, and its figures as files."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ablate.cli.arguments import ResultsDir, StudyName
from ablate.cli.exits import Code, reported
from ablate.cli.study_name import study_name

if TYPE_CHECKING:
    from ablate.report.page.source import Source

PAGE = "report.html"


class FigureFormat(StrEnum):
    """What `--figure-format` takes."""

    svg = "svg"
    pdf = "pdf"
    png = "png"


@reported
def report(
    study: StudyName,
    *,
    to: Annotated[
        Path | None,
        typer.Option(help=f"The file that is written (default: {PAGE} in the study's directory).", show_default=False),
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Also write each figure of the page into this folder, as a file.", show_default=False
        ),
    ] = None,
    figure_format: Annotated[
        FigureFormat | None, typer.Option(help="The format of these files (default: svg).", show_default=False)
    ] = None,
    results_dir: ResultsDir = None,
) -> None:
    """Write a study as one HTML file that needs no network: its answer, figures, tables, and what made them.

    Of a study that is not finished it has what is there, says what is missing, and ends with code 1.
    """
    from ablate import study as studies
    from ablate.errors import ConfigError
    from ablate.python.page_source import page_source
    from ablate.report.live.message import note
    from ablate.report.page.page import page
    from ablate.store.atomic import write

    if figure_format is not None and figures is None:
        raise ConfigError("--figure-format goes with --figures DIR: add it, or leave --figure-format out.")
    path = studies.find(study, results_dir or Path("results"))
    summary, notes = studies.summarise(path)
    source = page_source(summary, path, name=study_name(path), notes=notes)
    made = page(source)
    written = to or path / PAGE
    write(written, made.encode())
    note(f"written: {written} ({len(made.encode()) / 1e6:.1f} MB)")
    if figures is not None:
        note(f"written: {_write_figures(source, figures, figure_format or FigureFormat.svg)} figures in {figures}")
    if summary.missing or summary.failed or summary.timed_out or not (summary.points or summary.identities):
        raise typer.Exit(Code.SOME_FAILED)


def _write_figures(source: "Source", folder: Path, format: FigureFormat) -> int:
    """Writes the figures of a page; returns how many there are.

    Raises:
        StoreError: the folder or a file cannot be written.
    """
    from ablate.errors import StoreError
    from ablate.python.plot import Plot
    from ablate.report.page.figures import all_figures

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be made a folder: {error.strerror or error}.") from error
    written = [
        Plot(figure=one.figure, title=one.title, description=one.about).save(folder / f"{one.id}.{format}")
        for one in all_figures(source)
    ]
    return len(written)
