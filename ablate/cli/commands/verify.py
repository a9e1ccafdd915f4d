"""`ablate verify`: whether results on disk are as they were written, and whether they come out again."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ablate.cli.arguments import ResultsDir
from ablate.cli.completion import complete_results
from ablate.cli.exits import Code, reported

if TYPE_CHECKING:
    from ablate.analysis.compared.retrained import Retrained
    from ablate.study import Verification


class VerifyFormat(StrEnum):
    """How findings are written."""

    table = "table"
    json = "json"


@reported
def verify(
    studies: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[STUDY]...",
            help="Studies by name or path, or archives of `ablate export` (default: all that have results).",
            autocompletion=complete_results,
            show_default=False,
        ),
    ] = None,
    *,
    files: Annotated[
        bool,
        typer.Option(
            "--files",
            help="Check every file of a study against its checksum (the default).",
        ),
    ] = True,
    retrain: Annotated[
        int | None,
        typer.Option(
            "--retrain",
            metavar="N",
            help="Then train a random sample of N complete trials of each study again, with what their records state, "
            "in a temporary folder, and compare.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the random sample of --retrain.")] = 0,
    tolerance: Annotated[
        float | None,
        typer.Option(
            "--tolerance",
            help="How far the study's response may differ with --retrain, in its units (default: 1e-4 of it, or for an "
            "accuracy one example).",
            show_default=False,
        ),
    ] = None,
    format: Annotated[VerifyFormat, typer.Option("--format", "-f", help="table, or json.")] = VerifyFormat.table,
    results_dir: ResultsDir = None,
) -> None:
    """Check whether results on disk are as they were written; with --retrain, whether they are reproduced.

    Nothing is written to the results; an archive is unpacked into a temporary folder. Ends with code 1 where a file is
    not as it was, or a training differs; with code 2 where a study is not found or an archive cannot be unpacked.
    """
    from ablate import study
    from ablate.errors import StoreError
    from ablate.report.live.message import note

    assert files  # its only value: files are always checked
    _check(studies, retrain, seed=seed, tolerance=tolerance)
    root = results_dir or Path("results")
    if studies:
        named = [_place(name, root) for name in dict.fromkeys(studies)]
    else:
        named = [nullcontext(_Place(path=path)) for path in study.find_all(root)]
    if not named:
        raise StoreError(f"There are no results in {root}: 'ablate run' trains a study.")
    with ExitStack() as held:
        places = [held.enter_context(place) for place in named]
        found = [_verified(place) for place in places]
        if format is VerifyFormat.table:
            _print(found)
            sys.stdout.flush()
        if retrain is not None:
            for place in _damaged(places, found):  # changed code or settings are not executed
                note(f"{place.archive} is not as it was written: none of its trials is trained again.")
        again = {
            place.shown: _retrained(place, retrain, seed=seed, tolerance=tolerance, show=format is VerifyFormat.table)
            for place in places
            if retrain is not None and place not in _damaged(places, found)
        }
    if format is VerifyFormat.json:
        _print_json(found, None if retrain is None else again)
    differs = any(one.agreement == "differs" for trials in again.values() for one in trials)
    if differs or any(verification.problems for verification in found):
        raise typer.Exit(Code.SOME_FAILED)


@dataclass(frozen=True, kw_only=True)
class _Place:
    """A study's directory; that of an archive is a temporary one."""

    path: Path
    archive: Path | None = None

    @property
    def shown(self) -> Path:
        return self.archive or self.path


def _damaged(places: Sequence[_Place], found: "Sequence[Verification]") -> list[_Place]:
    """The archives that are not as they were written."""
    return [place for place, one in zip(places, found, strict=True) if place.archive and one.problems]


@contextmanager
def _place(name: str, root: Path) -> Iterator[_Place]:
    from ablate import study

    if study.is_archive(name) and not any(place.is_dir() for place in (root / name, Path(name))):
        with study.unpacked(Path(name)) as path:
            yield _Place(path=path, archive=Path(name))
    else:
        yield _Place(path=study.find(name, root))


def _verified(place: _Place) -> "Verification":
    from ablate import study

    return study.verify_files(place.path) if place.archive is None else study.verify_archive(place.path, place.archive)


def _retrained(place: _Place, number: int, *, seed: int, tolerance: float | None, show: bool) -> "Sequence[Retrained]":
    from ablate import study
    from ablate.report.live.message import note
    from ablate.report.retrained import show_retrained

    called = str(place.shown)
    found = study.retrain(place.path, number, seed=seed, tolerance=tolerance, called=called, on_message=note)
    if show:
        sys.stdout.write("\n")
        show_retrained(place.path.name, found)
        sys.stdout.flush()
    return found


def _check(studies: Sequence[str] | None, retrain: int | None, *, seed: int, tolerance: float | None) -> None:
    from ablate.errors import ConfigError

    if retrain is None:
        if (seed, tolerance) != (0, None):
            raise ConfigError("--seed and --tolerance go with --retrain N: add it, or leave them out.")
        return
    if not studies:
        raise ConfigError("--retrain needs the names of studies or archives: it trains some of their trials again.")
    if retrain < 1:
        raise ConfigError(f"--retrain {retrain} trains nothing: it must be 1 or more.")
    if tolerance is not None and not 0 <= tolerance < float("inf"):
        raise ConfigError(f"--tolerance {tolerance:g} must be 0 or more, in the units of the study's response.")


def _print(found: "Sequence[Verification]") -> None:
    from ablate.report.text.quantity import counted

    problems = [problem for verification in found for problem in verification.problems]
    lines = [f"{problem.path}: {problem.what}. {problem.remedy}\n" for problem in problems]
    studies_of = f"{len(found)} {'study' if len(found) == 1 else 'studies'}"
    files_of = f"{counted(sum(v.files for v in found), 'file')} of {studies_of}"
    said = f"{len(problems)} not as written" if problems else "all are as they were written"
    sys.stdout.writelines([*lines, f"{files_of} checked: {said}.\n"])


def _print_json(found: "Sequence[Verification]", again: "Mapping[Path, Sequence[Retrained]] | None") -> None:
    import msgspec

    rows = [
        {"file": str(problem.path), "problem": problem.what, "remedy": problem.remedy}
        for verification in found
        for problem in verification.problems
    ]
    data: dict[str, object] = {
        "studies": [str(v.path) for v in found],
        "files": sum(v.files for v in found),
        "problems": rows,
    }
    if again is not None:
        data["retrained"] = {str(path): trials for path, trials in again.items()}
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(data), indent=2).decode() + "\n")
