"""One study on disk: results/<study>/, its records, and what it was frozen as."""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ablate.errors import StoreError
from ablate.store import atomic
from ablate.store.frozen import Frozen
from ablate.store.record import SCHEMA, Record

RECORD = "record.json"
CURVE = "curve.csv"
TRACEBACK = "traceback.txt"


class _Schema(msgspec.Struct):
    schema: int


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a study's directory holds: its records by trial id, and the files that are none."""

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
        """Finds out before any training, and leaves nothing behind.

        Raises:
            StoreError: the directory, or the nearest one above it that exists, cannot be written, or its disk is full.
        """
        place = self.path
        while not place.exists():
            place = place.parent
        if not place.is_dir():
            raise StoreError(f"{place} is a file, not a directory. Give a directory with --results-dir.")
        probe = place / f".ablate-probe-{os.getpid()}"
        try:
            probe.write_bytes(bytes(4096))
        except OSError as error:
            raise StoreError(atomic.explain(self.path, error)) from error
        finally:
            probe.unlink(missing_ok=True)

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
        """Reads every record; one that is truncated or of an unknown schema is named, never counted."""
        records: dict[str, Record] = {}
        unreadable: dict[str, str] = {}
        digest = hashlib.sha256()
        for path in sorted((self.path / "trials").glob(f"*/{RECORD}")):
            content = path.read_bytes()
            digest.update(path.parent.name.encode() + content)
            try:
                records[path.parent.name] = decode(content, path.parent.name)
            except ValueError as error:
                unreadable[path.parent.name] = str(error)
        return Contents(records=records, unreadable=unreadable, digest=digest.hexdigest())

    def digest(self) -> str:
        """The digest that `contents` would give, without decoding a record."""
        digest = hashlib.sha256()
        for path in sorted((self.path / "trials").glob(f"*/{RECORD}")):
            digest.update(path.parent.name.encode() + path.read_bytes())
        return digest.hexdigest()

    def set_aside(self, trial_ids: Iterable[str]) -> None:
        """Renames records that cannot be counted, so that their trials are trained again and nothing is lost."""
        for trial_id in trial_ids:
            path = self.trial(trial_id) / RECORD
            number = 1
            while (aside := path.with_name(f"{RECORD}.unreadable-{number}")).exists():
                number += 1
            path.rename(aside)

    def write_record(self, record: Record, *, traceback: str | None = None, curve: str | None = None) -> None:
        """Writes one trial, its record last: a record says that everything beside it is there.

        Raises:
            StoreError: the disk is full or the directory cannot be written; no half-written record is left.
        """
        folder = self.trial(record.id)
        for name, content in ((TRACEBACK, traceback), (CURVE, curve)):
            if content is None:
                (folder / name).unlink(missing_ok=True)
            else:
                atomic.write(folder / name, content.encode())
        atomic.write(folder / RECORD, msgspec.json.format(msgspec.json.encode(record), indent=1))

    def write(self, name: str, content: bytes) -> None:
        """Writes a file of the study itself, such as summary.json."""
        atomic.write(self.path / name, content)

    def read(self, name: str) -> bytes | None:
        """Reads a file of the study itself, or None where it is absent."""
        path = self.path / name
        return path.read_bytes() if path.is_file() else None


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
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error
    if record.id != trial_id:
        raise ValueError(f"it is the record of trial {record.id}")
    return record
