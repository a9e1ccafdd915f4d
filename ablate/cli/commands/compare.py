"""`ablate compare`: two studies side by side."""

from pathlib import Path
from typing import Annotated

import typer

from ablate.cli.arguments import AsciiOption, FormatOption, ResultsDir
from ablate.cli.completion import complete_results
from ablate.cli.exits import reported

SIDE = "A study's name under --results-dir, or the path of its directory; STUDY:DIGEST takes its trials by one code."


@reported
def compare(
    a: Annotated[str, typer.Argument(metavar="A", help=SIDE, autocompletion=complete_results)],
    b: Annotated[
        str | None,
        typer.Argument(
            metavar="[B]",
            help="As A (default: A's trials by older code, kept by --stale keep, are compared with later ones).",
            autocompletion=complete_results,
            show_default=False,
        ),
    ] = None,
    *,
    format: FormatOption = "table",
    ascii_only: AsciiOption = False,
    results_dir: ResultsDir = None,
) -> None:
    """Print what differs between two studies in configuration, verdicts, effects and means, from disk: no torch.

    Differences are B − A, paired by replicate where seeds and splits agree.
    """
    from ablate import study
    from ablate.report.compared import show_compared
    from ablate.report.formats import registry

    registry.check(format, ascii_only=ascii_only)
    show_compared(study.compare(a, b, results_dir or Path("results")), format, ascii_only=ascii_only)
