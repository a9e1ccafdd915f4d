"""`ablate verdicts`: what several studies found, one line a claim."""

from pathlib import Path
from typing import Annotated

import typer

from ablate.cli.arguments import Format, FormatOption, ResultsDir
from ablate.cli.completion import complete_results
from ablate.cli.exits import reported


@reported
def verdicts(
    studies: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[STUDY]...",
            help="Studies by name or path (default: all that have results).",
            autocompletion=complete_results,
            show_default=False,
        ),
    ] = None,
    *,
    format: FormatOption = Format.table,
    results_dir: ResultsDir = None,
) -> None:
    """Print the verdicts of several studies in one table, from disk: no torch, nothing trained, nothing written."""
    from ablate import study
    from ablate.errors import StoreError
    from ablate.report.ledger import show_ledger
    from ablate.report.message import note

    root = results_dir or Path("results")
    names = studies or sorted(path.parent.name for path in root.glob("*/study.yaml"))
    if not names:
        raise StoreError(f"There are no results in {root}: 'ablate run' makes those of study=core.")
    summaries = []
    for name in names:
        summary, remarks = study.summarise(study.find(name, root))
        summaries.append(summary)
        for remark in remarks:
            note(f"{name}: {remark}")
    show_ledger(summaries, format.value)
