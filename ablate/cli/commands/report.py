"""`ablate report`: a study as one HTML file."""

from pathlib import Path
from typing import Annotated

import typer

from ablate.cli.arguments import ResultsDir, StudyName
from ablate.cli.exits import Code, reported
from ablate.cli.study_name import study_name

PAGE = "report.html"


@reported
def report(
    study: StudyName,
    *,
    to: Annotated[
        Path | None,
        typer.Option(help=f"The file that is written (default: {PAGE} in the study's directory).", show_default=False),
    ] = None,
    results_dir: ResultsDir = None,
) -> None:
    """Write a study as one HTML file that needs no network: its answer, figures, tables, and what made them.

    Of a study that is not finished it has what is there, says what is missing, and ends with code 1.
    """
    from ablate import study as studies
    from ablate.python.page_source import page_source
    from ablate.report.live.message import note
    from ablate.report.page.page import page
    from ablate.store.atomic import write

    path = studies.find(study, results_dir or Path("results"))
    summary, notes = studies.summarise(path)
    made = page(page_source(summary, path, name=study_name(path), notes=notes))
    written = to or path / PAGE
    write(written, made.encode())
    note(f"written: {written} ({len(made.encode()) / 1e6:.1f} MB)")
    if summary.missing or summary.failed or summary.timed_out or not (summary.points or summary.identities):
        raise typer.Exit(Code.SOME_FAILED)
