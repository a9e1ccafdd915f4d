"""tuned.json: the settings that tuning has chosen for each arm, and by what; frozen before the arm's first trial.

The tuning trials are in the folder `tuning` of the study, which is laid out as a study: they are counted apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ablate.store.derived_file import read_derived
from ablate.store.directory import StudyDirectory
from ablate.store.seal import seal, unseal

TUNED = "tuned.json"
FOLDER = "tuning"
"""Where the tuning trials are, below the study's directory."""
SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One candidate on one rung."""

    settings: Mapping[str, Any]
    share: float
    """Of the budget."""
    values: tuple[float | None, ...]
    """The metric on each tuning seed; None: that training diverged or ran out of time."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What was chosen for one arm."""

    levels: Mapping[str, str]
    """That decide which design points it holds for: of all factors, or of those that `study.tune.by` names."""
    chosen: Mapping[str, Any]
    """Setting → value."""
    rungs: tuple[tuple[Tried, ...], ...]
    """What it was chosen by: each rung's candidates, in the order of the study."""
    trials: int
    """Tuning trials that it was chosen by; two rungs of as many epochs share theirs."""


class _File(msgspec.Struct, kw_only=True):
    schema: int
    choices: tuple[Choice, ...]


def tuning_directory(study: Path) -> StudyDirectory:
    """Where the tuning trials of a study are."""
    return StudyDirectory(study / FOLDER)


def read_choices(directory: StudyDirectory) -> tuple[Choice, ...]:
    """What has been chosen; nothing where the file is absent, damaged or of another schema."""
    return read_derived(directory, TUNED, decode) or ()


def decode(content: bytes) -> tuple[Choice, ...]:
    """The choices in the bytes of a tuned.json.

    Raises:
        ValueError: it is truncated, damaged or changed, or of an unknown schema.
    """
    return unseal(content, _File, schema=SCHEMA).choices


def write_choices(directory: StudyDirectory, choices: Sequence[Choice]) -> None:
    """Writes what was chosen, in place of what was there.

    Raises:
        DiskError: the disk is full or the directory cannot be written.
    """
    directory.write(TUNED, seal(_File(schema=SCHEMA, choices=tuple(choices))))
