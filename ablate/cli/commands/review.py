"""`ablate review`: what a referee would object to in a study."""

from pathlib import Path
from typing import Annotated

import typer

from ablate.cli.arguments import AsciiOption, FormatOption, ResultsDir, request_words
from ablate.cli.completion import complete_request
from ablate.cli.exits import Code, reported


@reported
def review(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[STUDY] [OVERRIDES]...",
            help="A study's name (default: core, or what conf/config.yaml chooses), and Hydra overrides, as after "
            "'ablate run'; or the name or path of a directory with results.",
            autocompletion=complete_request,
            show_default=False,
        ),
    ] = None,
    *,
    format: FormatOption = "table",
    ascii_only: AsciiOption = False,
    results_dir: ResultsDir = None,
) -> None:
    """Print what a referee would object to in a study, each with the configuration that mends it.

    A study that has not run is judged by what is known beforehand. Nothing is trained or written. Ends with code 1
    where there are remarks that the study does not accept under `study.accepted`.
    """
    from ablate import study
    from ablate.config.catalog import Catalog
    from ablate.report.formats import registry
    from ablate.report.remarks import show_review

    registry.check(format, ascii_only=ascii_only)
    only = words[0] if words and len(words) == 1 else ""
    is_path = "=" not in only.partition("@")[0] or Path(only).is_dir()
    if only and is_path and only not in Catalog(Path.cwd()).names("study"):
        found = study.review_saved(study.find(only, results_dir or Path("results")))
    else:
        found = study.review(request_words(words, results_dir))
    show_review(found, format, ascii_only=ascii_only)
    if found.open:
        raise typer.Exit(Code.SOME_FAILED)
