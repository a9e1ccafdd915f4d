"""Removes trials that no analysis counts: those that failed, and those that the frozen study does not name."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ablate.store import Record, StudyDirectory

FAILED = "failed"
UNNAMED = "of design points or replicates that study.yaml does not name"


@dataclass(frozen=True, kw_only=True)
class Uncounted:
    """Trials of one folder that no analysis counts, all for the same reason."""

    study: Path
    directory: StudyDirectory
    """Where they are: the study's, or that of its tuning trials."""
    why: str
    """`FAILED` or `UNNAMED`."""
    trials: tuple[str, ...]
    bytes: int
    """Size of their folders."""


def uncounted(path: Path) -> tuple[Uncounted, ...]:
    """The trials of a study that no analysis counts, tuning trials that failed among them. Nothing is removed.

    A trial that diverged or timed out counts. A record that cannot be read stays: `ablate run` sets it aside.

    Raises:
        StoreError: there is no study.yaml, or it cannot be read: then nothing says which trials it names.
    """
    from ablate.design import lay_out
    from ablate.design.point import rows_by_cell
    from ablate.store import StudyDirectory
    from ablate.store.choices import tuning_directory
    from ablate.study.fraction import check_fraction

    directory, tuning = StudyDirectory(path), tuning_directory(path)
    spec = directory.frozen().spec
    layout = lay_out(spec)
    rows = rows_by_cell(layout.points)
    records, tried = directory.contents().records, tuning.contents().records
    check_fraction(spec, layout, records.values(), path)
    failed = tuple(_failed(records))
    unnamed = tuple(
        record.id
        for record in records.values()
        if record.state != FAILED and not (_cell(record) in rows and 0 <= record.replicate < spec.replicates)
    )
    found = ((directory, FAILED, failed), (directory, UNNAMED, unnamed), (tuning, FAILED, tuple(_failed(tried))))
    return tuple(
        Uncounted(study=path, directory=place, why=why, trials=trials, bytes=_bytes(place, trials))
        for place, why, trials in found
        if trials
    )


def remove_uncounted(found: Uncounted) -> int:
    """Removes the folders of trials, and returns how many; a trial that has got a result since, as from a run, stays.

    Raises:
        StoreError: a driver holds the study; or a folder cannot be removed.
    """
    from ablate.store import Lock

    with Lock(found.study):
        still = {
            trial
            for each in uncounted(found.study)
            if (each.directory.path, each.why) == (found.directory.path, found.why)
            for trial in each.trials
        }
        removed = [trial for trial in found.trials if trial in still]
        for trial in removed:
            found.directory.remove_trial(trial)
    return len(removed)


def _failed(records: Mapping[str, Record]) -> Iterator[str]:
    return (record.id for record in records.values() if record.state == FAILED)


def _cell(record: Record) -> object:
    from ablate.design.point import cell

    return cell(record.levels)


def _bytes(directory: StudyDirectory, trials: tuple[str, ...]) -> int:
    total = 0
    for trial in trials:
        for path in directory.trial(trial).rglob("*"):
            with suppress(OSError):  # a run that goes on may have replaced it
                total += 0 if path.is_dir() else path.lstat().st_size
    return total
