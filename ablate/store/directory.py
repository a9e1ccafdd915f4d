"""One study on disk: results/<study>/, its study.yaml and its records."""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from ablate.errors import StoreError
from ablate.store import atomic, leftovers
from ablate.store.frozen import Frozen
from ablate.store.record import SCHEMA, Record

RECORD = "record.json"
CURVE = "curve.csv"
DIAGNOSTICS = "diagnostics.csv"
TRACEBACK = "traceback.txt"


class _Schema(msgspec.Struct):
    schema: int


class _Config(msgspec.Struct):
    config: msgspec.Raw = msgspec.Raw(b"{}")


@dataclass(frozen=True, kw_only=True)
class Written:
    """What is written of one trial: its record, and the files beside it; None: there is none."""

    record: Record
    traceback: str | None = None
    curve: str | None = None
    diagnostics: str | None = None


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a study's directory holds: its records by trial id, and the files that cannot be read as records."""

    records: dict[str, Record]
    unreadable: dict[str, str]
    """Trial id → why its record cannot be counted."""
    digest: str
    """Of the records' bytes: two equal digests are the same results."""


class StudyDirectory:
    """A study's directory. Reading never writes, apart from `set_aside`; writing is whole or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def exists(self) -> bool:
        """Whether the study has been frozen here."""
        return (self.path / "study.yaml").is_file()

    def trial(self, trial_id: str) -> Path:
        """The folder of one trial."""
        return self.path / "trials" / trial_id

    def check_writable(self) -> None:
        """Checks, before any training, that the directory can be written; leaves no file behind.

        Raises:
            StoreError: the directory, or the nearest one above it that exists, cannot be written, or its disk is full.
        """
        place = self.path
        while not os.path.lexists(place):
            place = place.parent
        try:
            with tempfile.TemporaryFile(
                dir=place, prefix=".ablate-probe-"
            ) as probe:  # without a name, where that can be
                probe.write(bytes(4096))
                probe.flush()
        except OSError as error:
            raise StoreError(atomic.explain(self.path, error)) from error

    def sweep(self, trial_ids: Iterable[str] | None = None) -> None:
        """Removes temporary files that processes left when they were killed. For who holds the study.

        Args:
            trial_ids: In the folders of which trials; None: of all. In the study's own folder always.
        """
        folders = (self.path / "trials").glob("*") if trial_ids is None else map(self.trial, trial_ids)
        leftovers.sweep([self.path, *folders])

    def frozen(self) -> Frozen:
        """What study.yaml says.

        Raises:
            StoreError: there is none, or it cannot be read; the records beside it are left as they are.
        """
        path = self.path / "study.yaml"
        try:
            return Frozen.decode(path.read_bytes())
        except OSError as error:
            raise StoreError(f"There is no study in {self.path}: {error.strerror}: {path}.") from error
        except ValueError as error:
            raise StoreError(
                f"{path} cannot be read: {error}. Restore it, or remove the directory to start the study again."
            ) from error

    def freeze(self, frozen: Frozen) -> None:
        """Writes study.yaml."""
        atomic.write(self.path / "study.yaml", frozen.encode())

    def contents(self) -> Contents:
        """Reads every record; one that is truncated or of an unknown schema is named, never counted.

        Records share what is equal in them, such as a design point's configuration: most of what they would take in
        memory.
        """
        records: dict[str, Record] = {}
        unreadable: dict[str, str] = {}
        configs: dict[bytes, dict[str, Any]] = {}
        others: dict[Any, Any] = {}
        digest = hashlib.sha256()
        for trial_id, content, problem in self._files():
            digest.update(trial_id.encode() + content)
            try:
                record = decode(content, trial_id)
                written = bytes(msgspec.json.decode(content, type=_Config).config)
                records[trial_id] = replace(
                    record,
                    study=others.setdefault(record.study, record.study),
                    levels=others.setdefault(tuple(record.levels.items()), record.levels),
                    counts=others.setdefault(record.counts, record.counts),
                    provenance=others.setdefault(record.provenance, record.provenance),
                    config=configs.setdefault(written, record.config),
                )
            except ValueError as error:
                unreadable[trial_id] = problem or str(error)
        return Contents(records=records, unreadable=unreadable, digest=digest.hexdigest())

    def record(self, trial_id: str) -> Record:
        """Reads the record of one trial.

        Raises:
            StoreError: it is not there, or it cannot be counted.
        """
        path = self.trial(trial_id) / RECORD
        try:
            return decode(path.read_bytes(), trial_id)
        except (OSError, ValueError) as error:
            raise StoreError(f"{path} cannot be read: {error}.") from error

    def digest(self) -> str:
        """The digest that `contents` would give, without decoding a record."""
        digest = hashlib.sha256()
        for trial_id, content, _ in self._files():
            digest.update(trial_id.encode() + content)
        return digest.hexdigest()

    def set_aside(self, trial_ids: Iterable[str]) -> None:
        """Renames records that cannot be counted, so that their trials are trained again and nothing is lost.

        Raises:
            StoreError: the directory cannot be written.
        """
        for trial_id in trial_ids:
            path = self.trial(trial_id) / RECORD
            number = 1
            while (aside := path.with_name(f"{RECORD}.unreadable-{number}")).exists():
                number += 1
            try:
                path.rename(aside)
            except OSError as error:
                raise StoreError(atomic.explain(aside, error)) from error

    def write_record(
        self,
        record: Record,
        *,
        traceback: str | None = None,
        curve: str | None = None,
        diagnostics: str | None = None,
    ) -> None:
        """Writes one trial: as `write_trials`."""
        self.write_trials([Written(record=record, traceback=traceback, curve=curve, diagnostics=diagnostics)])

    def write_trials(self, trials: Sequence[Written]) -> None:
        """Writes some trials, their records last: a record says that everything beside it is there.

        Where a disk is full, whole trials are written one by one, as many as there is room for.

        Raises:
            StoreError: the disk is full or the directory cannot be written; no half-written record is left.
        """
        for trial in trials:
            for path, content in self._beside(trial).items():
                if content is None:
                    atomic.remove(path)
        before = {path for path in map(self._record, trials) if path.exists()}
        try:
            self._write(trials)
        except StoreError:
            if len(trials) < 2:
                raise
            for trial in trials:
                if self._record(trial) not in before:
                    for path in (*self._beside(trial), self._record(trial)):
                        atomic.remove(path)
            for trial in trials:
                self._write([trial])

    def _write(self, trials: Sequence[Written]) -> None:
        atomic.write_all({p: content for t in trials for p, content in self._beside(t).items() if content is not None})
        atomic.write_all(
            {self._record(t): msgspec.json.format(msgspec.json.encode(t.record), indent=1) for t in trials}
        )

    def _record(self, trial: Written) -> Path:
        return self.trial(trial.record.id) / RECORD

    def _beside(self, trial: Written) -> dict[Path, bytes | None]:
        files = {TRACEBACK: trial.traceback, CURVE: trial.curve, DIAGNOSTICS: trial.diagnostics}
        return {
            self.trial(trial.record.id) / name: None if text is None else text.encode(errors="backslashreplace")
            for name, text in files.items()
        }

    def write(self, name: str, content: bytes) -> None:
        """Writes a file of the study itself, such as summary.json."""
        atomic.write(self.path / name, content)

    def read(self, name: str) -> bytes | None:
        """Reads a file of the study itself, or None where it is absent."""
        path = self.path / name
        return path.read_bytes() if path.is_file() else None

    def _files(self) -> Iterator[tuple[str, bytes, str | None]]:
        """Trial id, the bytes of its record, and why they could not be read."""
        for path in sorted((self.path / "trials").glob(f"*/{RECORD}")):
            try:
                yield path.parent.name, path.read_bytes(), None
            except OSError as error:
                yield path.parent.name, b"", error.strerror


def decode(content: bytes, trial_id: str) -> Record:
    """One record from its JSON.

    Raises:
        ValueError: it is truncated, of an unknown schema, or of another trial.
    """
    try:
        schema = msgspec.json.decode(content, type=_Schema).schema
        if schema != SCHEMA:
            raise ValueError(f"schema {schema}, where this version of ablate knows {SCHEMA}")
        record = msgspec.json.decode(content, type=Record)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from error
    if record.id != trial_id:
        raise ValueError(f"it is the record of trial {record.id}")
    return record
