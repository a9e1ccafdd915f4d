"""`ablate show`: a study again, from disk."""

from pathlib import Path
from typing import Annotated

import typer

from ablate.cli.arguments import AsciiOption, FormatOption, ResultsDir, StudyName, TableOption
from ablate.cli.exits import Code, reported
from ablate.cli.study_name import study_name


@reported
def show(
    study: StudyName,
    *,
    table: TableOption = None,
    format: FormatOption = "table",
    ascii_only: AsciiOption = False,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch",
            "-w",
            help="First show the progress of a study that trains elsewhere on stderr, until it ends.",
        ),
    ] = False,
    results_dir: ResultsDir = None,
) -> None:
    """Show a study that has run, or one of its tables, from disk: no torch, nothing trained, nothing written.

    A study of which nothing can be shown ends with code 1.
    """
    from ablate import study as studies
    from ablate.report.formats import registry
    from ablate.report.live.message import note

    registry.check(format, table, ascii_only=ascii_only)
    path = studies.find(study, results_dir or Path("results"))
    if watch:
        from ablate.report.live.watch import watch as watch_study
        from ablate.study.watching.watched import Watched

        watch_study(Watched(path).read, title=study_name(path))
    summary, notes = studies.summarise(path)
    for text in notes:
        note(text)
    registry.show(
        summary,
        format,
        table=table,
        trials=lambda: studies.records(path),
        name=study_name(path),
        ascii_only=ascii_only,
    )
    if not summary.points and not summary.identities:
        raise typer.Exit(Code.SOME_FAILED)
