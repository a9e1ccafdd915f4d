"""Checks the files of a study against their checksums and each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ablate.errors import StoreError
from ablate.study.damage import find_damaged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ablate.store import Record, StudyDirectory

TRAIN_AGAIN = "'ablate run' sets it aside and trains the trial again."
MAKE_AGAIN = "'ablate run' makes it again."


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A file that is not as it was written."""

    path: Path
    what: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What was checked of a study."""

    path: Path
    files: int
    """That are there, those with a problem included."""
    problems: tuple[Problem, ...]


def verify_files(path: Path) -> Verification:
    """Checks study.yaml, every record with the files beside it, those of tuning trials too, and what follows from them.

    It writes nothing.
    """
    from ablate.store import StudyDirectory
    from ablate.store.choices import tuning_directory

    directory = StudyDirectory(path)
    problems: list[Problem] = [*_frozen(directory)]
    counted = 0
    for place in (directory, tuning_directory(path)):
        contents = place.contents()
        counted += len(contents.records) + len(contents.unreadable)
        problems += (
            Problem(path=place.record_path(trial), what=reason, remedy=TRAIN_AGAIN)
            for trial, reason in contents.unreadable.items()
        )
        for record in contents.records.values():
            counted += len(record.files)
            problems += _damaged_files(place, record)
    damaged = find_damaged(directory)
    problems += (Problem(path=path / name, what=reason, remedy=MAKE_AGAIN) for name, reason in damaged.items())
    counted += sum(directory.has(name) for name in checked_files())
    return Verification(path=path, files=counted, problems=tuple(problems))


def checked_files() -> tuple[str, ...]:
    """The names of the files of a study itself that have a checksum."""
    from ablate.store import IDENTITIES
    from ablate.store.choices import TUNED
    from ablate.store.costs import COSTS
    from ablate.store.starts import STARTS
    from ablate.study.study_summary import SUMMARY

    return ("study.yaml", COSTS, STARTS, TUNED, IDENTITIES, SUMMARY)


def _frozen(directory: StudyDirectory) -> Iterator[Problem]:
    path = directory.path / "study.yaml"
    if not directory.exists:
        from ablate.store.directory import LOST

        yield Problem(path=path, what="it is not there", remedy=LOST)
        return
    try:
        directory.frozen()
    except StoreError as error:
        what = str(error).removeprefix(f"{path} cannot be read: ")
        reason, _, remedy = what.partition(". ")
        yield Problem(path=path, what=reason, remedy=remedy)


def _damaged_files(directory: StudyDirectory, record: Record) -> Iterator[Problem]:
    for name, reason in directory.damaged_files(record):
        yield Problem(
            path=directory.trial(record.id) / name,
            what=reason,
            remedy="Restore it, or remove its trial's folder: 'ablate run' then trains it again.",
        )
