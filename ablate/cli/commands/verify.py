"""`ablate verify`: whether results on disk are as they were written."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ablate.cli.arguments import ResultsDir, StudyNames
from ablate.cli.exits import Code, reported


class VerifyFormat(StrEnum):
    """How findings are written."""

    table = "table"
    json = "json"


@reported
def verify(
    studies: StudyNames = None,
    *,
    files: Annotated[
        bool,
        typer.Option(
            "--files",
            help="Check every file of a study against its checksum (the default).",
        ),
    ] = True,
    format: Annotated[VerifyFormat, typer.Option("--format", "-f", help="table, or json.")] = VerifyFormat.table,
    results_dir: ResultsDir = None,
) -> None:
    """Check whether results on disk are as they were written: nothing trained, nothing written.

    Ends with code 1 where a file is not.
    """
    from ablate import study
    from ablate.errors import StoreError
    from ablate.report.text.quantity import counted

    assert files  # the only thing that is checked so far
    root = results_dir or Path("results")
    places = [study.find(name, root) for name in dict.fromkeys(studies)] if studies else study.find_all(root)
    if not places:
        raise StoreError(f"There are no results in {root}: 'ablate run' trains a study.")
    found = [study.verify_files(place) for place in places]
    problems = [(str(p.path), p.what, p.remedy) for verification in found for p in verification.problems]
    if format is VerifyFormat.json:
        import msgspec

        rows = [{"file": path, "problem": what, "remedy": remedy} for path, what, remedy in problems]
        data = {"studies": [str(v.path) for v in found], "files": sum(v.files for v in found), "problems": rows}
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(data), indent=2).decode() + "\n")
    else:
        lines = [f"{path}: {what}. {remedy}\n" for path, what, remedy in problems]
        studies_of = f"{len(found)} {'study' if len(found) == 1 else 'studies'}"
        files_of = f"{counted(sum(v.files for v in found), 'file')} of {studies_of}"
        said = f"{len(problems)} not as written" if problems else "all are as they were written"
        sys.stdout.writelines([*lines, f"{files_of} checked: {said}.\n"])
    if problems:
        raise typer.Exit(Code.SOME_FAILED)
