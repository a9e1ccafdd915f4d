"""`ablate export`: a study as one archive."""

from pathlib import Path
from typing import Annotated

import typer

from ablate.cli.arguments import ResultsDir, StudyName
from ablate.cli.exits import reported


@reported
def export(
    study: StudyName,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]",
            help="The archive: .tar.gz, .tgz or .zip (default: the study's name with .tar.gz, here).",
            show_default=False,
        ),
    ] = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False,
    results_dir: ResultsDir = None,
) -> None:
    """Pack a study into one archive: its records and files, with digests, versions and code digests.

    Unpacked into a results directory, it is a study as any other. Refused if a file is not as it was written.
    """
    from ablate import study as studies
    from ablate.report.live.message import note
    from ablate.report.text.quantity import BYTES, counted, in_one_unit

    path = studies.find(study, results_dir or Path("results"))
    written = studies.export(path, file, replace=force)
    unit, (size,) = in_one_unit([written.bytes], BYTES)
    note(f"written: {written.path} ({counted(written.files, 'file')}, {size} {unit})")
