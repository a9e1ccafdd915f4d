"""Arguments and options that several commands take."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ablate.cli.completion import complete_format, complete_request, complete_results, complete_table

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[STUDY] [OVERRIDES]...",
        help="A study's name (default: core, or what conf/config.yaml chooses), and Hydra overrides: model.width=32, "
        "data=mnist; a comma sweep such as model.width=16,32 adds a factor.",
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

StudyNames = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[STUDY]...",
        help="Studies by name or path (default: all that have results).",
        autocompletion=complete_results,
        show_default=False,
    ),
]

FormatOption = Annotated[
    str,
    typer.Option(
        "--format",
        "-f",
        metavar="FORMAT",
        help="table, json, csv, markdown, latex, junit, or one that an installed package brings: 'ablate list "
        "formats'. JSON and Markdown have everything; CSV has one tidy table, by default the trials.",
        autocompletion=complete_format,
    ),
]

TableOption = Annotated[
    str | None,
    typer.Option(
        "--table",
        "-t",
        metavar="TABLE",
        help="One table instead of the first screen: verdicts, identities, points, tuning, costs, contrasts, "
        "interactions, simple, lesions, data_sets, variance, lenth, diagnostics, failures, trials, notes; or all.",
        autocompletion=complete_table,
        show_default=False,
    ),
]

AsciiOption = Annotated[
    bool, typer.Option("--ascii", help="Draw tables and plots in ASCII; automatic where a stream has no Unicode.")
]


QuickOption = Annotated[
    bool,
    typer.Option(
        "--quick",
        help="Only check that every design point trains, in a folder of its own: two replicates, a tenth of the "
        "epochs, nothing tuned, no claims (quick=true).",
    ),
]


TargetOption = Annotated[
    str | None,
    typer.Option(
        "--target",
        metavar="MODULE:CLASS",
        help="A class of networks, without any YAML. Words may be its arguments, of which one with several values is a "
        "factor: --target nets:Net width=8,16 depth=3 data=digits.",
        show_default=False,
    ),
]

MultirunOption = Annotated[
    bool, typer.Option("-m", "--multirun", help="As of Hydra; not needed: a comma sweep adds a factor without it.")
]


class Cfg(StrEnum):
    """What of the configuration is printed, as Hydra calls it."""

    job = "job"


CfgOption = Annotated[
    Cfg | None,
    typer.Option("--cfg", "-c", help="Print the composed configuration, as Hydra does, and exit.", show_default=False),
]


def note_multirun() -> None:
    """Says what -m comes to."""
    from ablate.report.live.message import note

    note("-m is not needed: several values with commas are a factor, whose design points all run in one command.")


def request_words(words: list[str] | None, results_dir: Path | None, *, quick: bool = False) -> list[str]:
    """The words of a request; --results-dir becomes the override `results_dir=`, and --quick `quick=true`."""
    asked = [*(words or []), *(["quick=true"] if quick else [])]
    if results_dir is None:
        return asked
    quoted = str(results_dir).replace("'", "\\'")
    return [*asked, f"results_dir='{quoted}'"]
