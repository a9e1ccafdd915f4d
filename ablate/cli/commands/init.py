"""`ablate init`: a small project of the user's own, which trains at once."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from ablate.cli.exits import reported


@reported
def init(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder of the project; it is made where it is not there.")
    ],
    *,
    target: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="MODULE:CLASS",
            help="A class of networks of yours: its arguments become the candidates for factors.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write a model, a factor, a study and a test into a folder, where 'ablate run' then trains the study.

    What is there already is never overwritten. With --from, the class is imported, and not called.
    """
    from ablate import study
    from ablate.report.text.visible import visible

    project = study.make_project(directory, target)
    lines = [f"{directory}: {', '.join(project.files)}"]
    lines += [f"To fill in: {', '.join(keys)} in {directory / file}" for file, keys in project.lacking.items()]
    there = "" if directory.resolve() == Path.cwd().resolve() else f"cd {shlex.quote(str(directory))} && "
    lines += [
        "Next:",
        f"  {there}ablate plan    # what would be trained, and how long it takes",
        "  ablate run     # trains it, and prints the answer",
    ]
    sys.stdout.writelines(f"{visible(line)}\n" for line in lines)
