"""`ablate verdicts`: what several studies found, one line per claim."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ablate.cli.arguments import AsciiOption, FormatOption, ResultsDir, StudyNames
from ablate.cli.exits import Code, reported

if TYPE_CHECKING:
    from ablate.analysis.summary import Summary


@reported
def verdicts(
    studies: StudyNames = None,
    *,
    format: FormatOption = "table",
    ascii_only: AsciiOption = False,
    results_dir: ResultsDir = None,
) -> None:
    """Print the verdicts of several studies in one table, from disk: no torch, nothing trained, nothing written."""
    from ablate import study
    from ablate.errors import StoreError
    from ablate.report.answers import show_answers
    from ablate.report.formats import registry
    from ablate.report.live.message import error, note

    registry.check(format, ascii_only=ascii_only)
    root = results_dir or Path("results")
    names = studies or sorted(path.parent.name for path in root.glob("*/study.yaml"))
    if not names:
        raise StoreError(f"There are no results in {root}: 'ablate run' trains a study.")
    summaries: list[Summary] = []
    for name in dict.fromkeys(names):
        try:
            path = study.find(name, root)
            summary, notes = study.summarise(path)
        except StoreError as unread:  # the other studies can still be shown
            error(f"{name}: {unread}")
            continue
        # Studies with other settings share a name; their directories do not.
        summaries.append(replace(summary, study=path.name))
        for text in notes:
            note(f"{name}: {text}")
    if summaries:
        show_answers(summaries, format, ascii_only=ascii_only)
    if len(summaries) < len(dict.fromkeys(names)):
        raise typer.Exit(Code.SOME_FAILED if summaries else Code.WRONG_REQUEST)
