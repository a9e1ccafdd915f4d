"""Arguments and options that several commands take."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ablate.cli.completion import complete_request, complete_results

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[STUDY] [OVERRIDES]...",
        help="A study's name (default: core), and Hydra overrides: model.width=32, data=mnist; "
        "a comma sweep such as model.width=16,32 adds a factor.",
        autocompletion=complete_request,
        show_default=False,
    ),
]

ResultsDir = Annotated[
    Path | None,
    typer.Option("--results-dir", help="Where studies are kept (default: results).", show_default=False),
]

StudyName = Annotated[
    str,
    typer.Argument(
        metavar="STUDY",
        help="A study's name under --results-dir, or the path of its directory.",
        autocompletion=complete_results,
    ),
]


class Format(StrEnum):
    """How tables are printed."""

    table = "table"
    json = "json"
    csv = "csv"
    markdown = "markdown"
    latex = "latex"


FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How the tables are printed.")]


def request(words: list[str] | None, results_dir: Path | None) -> list[str]:
    """The words of a request, with --results-dir as the override that it is short for."""
    if results_dir is None:
        return list(words or [])
    quoted = str(results_dir).replace("'", "\\'")
    return [*(words or []), f"results_dir='{quoted}'"]
