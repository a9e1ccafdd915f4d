"""`ablate show`: a study's tables again, from disk."""

from pathlib import Path

import typer

from ablate.cli.arguments import Format, FormatOption, ResultsDir, StudyName
from ablate.cli.exits import Code, reported


@reported
def show(study: StudyName, *, format: FormatOption = Format.table, results_dir: ResultsDir = None) -> None:
    """Print the tables of a study that has run, from disk: no torch, nothing trained, nothing written.

    A study of which nothing can be shown ends with code 1.
    """
    from ablate import study as studies
    from ablate.report.formats.registry import show as print_summary
    from ablate.report.live.message import note

    path = studies.find(study, results_dir or Path("results"))
    summary, notes = studies.summarise(path)
    for remark in notes:
        note(remark)
    print_summary(summary, format.value)
    if not summary.points and not summary.identities:
        raise typer.Exit(Code.SOME_FAILED)
