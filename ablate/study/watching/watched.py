"""The state of a study in its folder, and what has changed since it was last read."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ablate import files
from ablate.design.point import Cell, cell
from ablate.limits import MAX_RECORD_BYTES
from ablate.store import StudyDirectory
from ablate.store.directory import NOT_ANSWERED
from ablate.store.encoding import decode
from ablate.store.lock import holder
from ablate.store.scheduled import SCHEDULED, read_scheduled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ablate.config.spec import StudySpec
    from ablate.design import DesignPoint
    from ablate.store import Record
    from ablate.store.lock import Holder

Key = tuple[Cell, int]
"""Identifies a trial: the levels of its design point, and its replicate."""

_Signature = tuple[int, int, int]
"""Identifies a version of a file: time of writing in ns, size in bytes, inode. A file that replaces it has another."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A trial that has ended. Times are seconds since the epoch, by the clock of the file system."""

    key: Key
    state: str
    value: float | None
    """The study's response; None if the trial did not complete."""
    seconds: float
    """How long its training took."""
    at: float
    """When its record was written."""


@dataclass(frozen=True, kw_only=True)
class Queue:
    """What a driver has scheduled."""

    bundles: tuple[tuple[Key, ...], ...]
    workers: int
    """Bundles that train at the same time, at most."""
    seconds: float | None
    """Expected time of all of it; None: unknown."""
    at: float
    """When it was scheduled, in seconds since the epoch."""


@dataclass(frozen=True, kw_only=True)
class Status:
    """The state of a study at one reading."""

    spec: StudySpec
    points: tuple[DesignPoint, ...]
    ended: tuple[Ended, ...]
    """Those since the last reading, in the order in which they ended; all of them if `is_reset`."""
    is_reset: bool
    """Whether all was read again: study.yaml or the schedule has changed, or a record is gone."""
    queue: Queue | None
    """None: nothing is scheduled."""
    tuning: tuple[int, int] | None
    """Tuning trials of the current rung: how many have ended, and how many were scheduled; None: none were."""
    driver: Holder | None
    unreadable: int
    """Records that cannot be counted."""
    is_over: bool
    """Whether all trials of the study have ended; if some failed, once no driver runs that may train them again."""


class Watched:
    """Reads a study's folder. Only records that were written since the last time are read again."""

    def __init__(self, path: Path) -> None:
        self._directory = StudyDirectory(path)
        self._study: tuple[_Signature | None, ...] | None = None
        self._signatures: dict[str, _Signature] = {}
        self._unreadable: set[str] = set()
        self._latest: dict[Key, tuple[str, str, str]] = {}
        """For each trial: when its training began, the id of its record, and its state."""
        self._is_decided: bool | None = None
        """Whether the interim looks have decided all claims; None: not yet computed for the records as they are."""

    def read(self) -> Status:
        """The state of the study now.

        Raises:
            StoreError: there is no study, or it cannot be read.
        """
        driver = holder(self._directory.path)
        study = tuple(_signature(self._directory.path / name) for name in ("study.yaml", SCHEDULED))
        found = dict(self._records())
        is_reset = study != self._study or not self._signatures.keys() <= found.keys()
        if is_reset:
            from ablate.design import lay_out

            self._study = study
            self._signatures, self._unreadable, self._latest = {}, set(), {}
            self._spec = self._directory.frozen().spec
            self._points = lay_out(self._spec).points
            self._keys = {
                (cell(point.levels), replicate) for point in self._points for replicate in range(self._spec.replicates)
            }
            self._queue = _queue(self._directory)
        changed = {ended.key: ended for ended in self._changed(found)}  # of several records of a trial the last counts
        ended = sorted(changed.values(), key=lambda one: one.at)
        if ended or is_reset:
            self._is_decided = None
        return Status(
            spec=self._spec,
            points=self._points,
            ended=tuple(ended),
            is_reset=is_reset,
            queue=self._queue,
            tuning=self._tuning(),
            driver=driver,
            unreadable=len(self._unreadable),
            is_over=self._is_over(driver),
        )

    def _records(self) -> Iterator[tuple[str, _Signature]]:
        try:
            folders = [*(self._directory.path / "trials").iterdir()]
        except OSError:
            return
        for folder in folders:
            if (signature := _signature(self._directory.record_path(folder.name))) is not None:
                yield folder.name, signature

    def _changed(self, found: dict[str, _Signature]) -> Iterator[Ended]:
        """The trials whose records are not as they were at the last reading."""
        for trial_id, signature in found.items():
            if self._signatures.get(trial_id) == signature:
                continue
            try:
                content = files.read(self._directory.record_path(trial_id), limit=MAX_RECORD_BYTES)
                record = decode(content, trial_id)
            except OSError as error:
                if error.errno in _TRANSIENT:
                    continue  # it is read again at the next reading
                record = None
            except ValueError:
                record = None
            self._signatures[trial_id] = signature
            if record is None:
                self._unreadable.add(trial_id)
                continue
            self._unreadable.discard(trial_id)
            key = cell(record.levels), record.replicate
            if self._counts(key, record):
                value = record.value(self._spec.response.name) if record.state == "complete" else None
                yield Ended(
                    key=key, state=record.state, value=value, seconds=record.seconds, at=signature[0] / 1_000_000_000
                )

    def _counts(self, key: Key, record: Record) -> bool:
        """Whether it is of a trial of the study, and the one that was started last, if the trial has several."""
        if key not in self._keys:
            return False
        started, trial_id, _ = self._latest.get(key, ("", record.id, ""))
        if trial_id != record.id and started > record.started:
            return False
        self._latest[key] = record.started, record.id, record.state
        return True

    def _tuning(self) -> tuple[int, int] | None:
        from ablate.store.choices import tuning_directory

        directory = tuning_directory(self._directory.path)
        queue = _queue(directory)
        if queue is None:
            return None
        try:
            written = [_signature(folder / "record.json") for folder in (directory.path / "trials").iterdir()]
        except OSError:
            written = []
        ended = sum(signature is not None and signature[0] / 1_000_000_000 >= queue.at for signature in written)
        planned = sum(map(len, queue.bundles))
        return min(ended, planned), planned

    def _is_over(self, driver: Holder | None) -> bool:
        is_driven = driver is not None and not driver.has_died
        states = {key: state for key, (_, _, state) in self._latest.items()}
        if len(states) == len(self._keys) and not self._unreadable:
            return not is_driven or "failed" not in states.values()
        if self._spec.looks is None or is_driven or self._queue is not None or not states:
            return False
        if self._is_decided is None:
            self._is_decided = self._asks_for_no_more(states)
        return self._is_decided

    def _asks_for_no_more(self, states: Mapping[Key, str]) -> bool:
        """Whether every trial up to the next look is there, so that none of the claims is open."""
        from ablate.analysis.claims.judgement import due

        records = self._directory.contents().records
        latest = [records[trial_id] for _, trial_id, _ in self._latest.values() if trial_id in records]
        n, rows = due(self._spec, self._points, latest)
        wanted = {(cell(self._points[row].levels), replicate) for row in rows for replicate in range(n)}
        return all(states.get(key, "failed") != "failed" for key in wanted)


def _queue(directory: StudyDirectory) -> Queue | None:
    found, signature = read_scheduled(directory), _signature(directory.path / SCHEDULED)
    if found is None or signature is None:
        return None
    cells = [cell(levels) for levels in found.points]
    return Queue(
        bundles=tuple(tuple((cells[point], replicate) for point, replicate in bundle) for bundle in found.bundles),
        workers=found.workers,
        seconds=found.seconds,
        at=signature[0] / 1_000_000_000,
    )


def _signature(path: Path) -> _Signature | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


_TRANSIENT = (errno.ENOENT, errno.ENOTDIR, *NOT_ANSWERED)
"""Errors that the next reading may not have: a record is being replaced, or the file system does not answer."""
