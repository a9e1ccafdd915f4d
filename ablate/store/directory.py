"""One study on disk: results/<study>/, its study.yaml and its records."""

import errno
import hashlib
import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from ablate import files
from ablate.errors import DiskError, StoreError
from ablate.limits import MAX_CACHE_BYTES, MAX_RECORD_BYTES, MAX_STUDY_BYTES, MAX_TEXT_BYTES, MAX_WEIGHTS_BYTES
from ablate.store import atomic
from ablate.store.encoding import decode, encode
from ablate.store.frozen import Frozen
from ablate.store.progress import discard
from ablate.store.record import Record
from ablate.store.records import Records

STUDY = "study.yaml"
RECORD = "record.json"
CURVE = "curve.csv"
DIAGNOSTICS = "diagnostics.csv"
TRACEBACK = "traceback.txt"
WEIGHTS = "weights.pt"
UNREADABLE = "unreadable"
"""What is added to the name of a record that cannot be counted."""


@dataclass(frozen=True, kw_only=True)
class TrialOutput:
    """All that is written of one trial: its record, and the files beside it; None: there is no such file."""

    record: Record
    traceback: str | None = None
    curve: str | None = None
    diagnostics: str | None = None
    weights: bytes | None = None
    """Of the trained network, as `torch.save` writes a mapping of names to tensors."""


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a study's directory holds: its records by trial id, and the files that cannot be read as records."""

    records: Records
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
        """Whether the study has been frozen here; true of a study.yaml that cannot be read, too."""
        return files.is_there(self.path / STUDY)

    def trial(self, trial_id: str) -> Path:
        """The folder of one trial."""
        return self.path / "trials" / trial_id

    def record_path(self, trial_id: str) -> Path:
        """The file of one trial's record."""
        return self.trial(trial_id) / RECORD

    def has(self, name: str) -> bool:
        """Whether there is a file of the study itself, or anything of its name."""
        return files.is_there(self.path / name)

    def check_writable(self) -> None:
        """Checks, before any training, that the directory can be written; leaves no file behind.

        Raises:
            DiskError: the directory, or the nearest one above it that exists, cannot be written, or its disk is full.
        """
        place = self.path
        while not files.is_there(place):
            place = place.parent
        probe = place / f".ablate-probe.{secrets.token_hex(4)}.tmp"
        try:
            with probe.open("xb") as file:
                file.write(bytes(4096))
        except OSError as error:
            raise DiskError(atomic.explain(self.path, error)) from error
        finally:
            with suppress(OSError):
                probe.unlink()

    def frozen(self) -> Frozen:
        """What study.yaml says.

        Raises:
            StoreError: there is none, or it cannot be read; the records beside it are left as they are.
        """
        path = self.path / STUDY
        try:
            return Frozen.decode(files.read(path, limit=MAX_STUDY_BYTES))
        except (FileNotFoundError, NotADirectoryError) as error:
            lost = f" {LOST}" if (self.path / "trials").is_dir() else ""
            raise StoreError(f"There is no study in {self.path}: {error.strerror}: {path}.{lost}") from error
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {files.reason(error)}. {AS_IT_WAS}") from error
        except ValueError as error:
            raise StoreError(f"{path} cannot be read: {error}. {AS_IT_WAS}") from error

    def freeze(self, frozen: Frozen) -> None:
        """Writes study.yaml.

        Raises:
            StoreError: it is larger than what is read, or cannot be written.
        """
        content = frozen.encode()
        if len(content) > MAX_STUDY_BYTES:
            raise StoreError(
                f"{self.path / STUDY} would have {len(content):,} bytes; the limit is {MAX_STUDY_BYTES:,}. Give "
                "the study fewer factors or levels."
            )
        atomic.write(self.path / STUDY, content)

    def contents(self) -> Contents:
        """Reads every record; one that is truncated or of an unknown schema is named, never counted.

        Raises:
            StoreError: the file system does not answer, which says nothing of a record.
        """
        records = Records()
        unreadable: dict[str, str] = {}
        digest = hashlib.sha256()
        for trial_id, content, problem in self._files():
            digest.update(trial_id.encode() + content)
            try:
                records.add(decode(content, trial_id))
            except ValueError as error:
                unreadable[trial_id] = problem or str(error)
        return Contents(records=records, unreadable=unreadable, digest=digest.hexdigest())

    def record(self, trial_id: str) -> Record:
        """Reads the record of one trial.

        Raises:
            StoreError: it is not there, or it cannot be counted.
        """
        path = self.record_path(trial_id)
        try:
            return decode(files.read(path, limit=MAX_RECORD_BYTES), trial_id)
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {files.reason(error)}. {TRAIN_AGAIN}") from error
        except ValueError as error:
            raise StoreError(f"{path} cannot be read: {error}. {TRAIN_AGAIN}") from error

    def damaged_files(self, record: Record) -> Iterator[tuple[str, str]]:
        """Files beside a record that are not as they were when it was written: the name of each, and what is wrong."""
        for name, digest in record.files.items():
            limit = MAX_WEIGHTS_BYTES if name == WEIGHTS else MAX_TEXT_BYTES
            try:
                if digest_of(files.read(self.trial(record.id) / name, limit=limit)) != digest:
                    yield name, "it is not as the record says: it was damaged or changed"
            except FileNotFoundError:
                yield name, "it is not there, and the record says that it was"
            except OSError as error:
                yield name, files.reason(error)

    def digest(self) -> str:
        """The digest that `contents` would give, without decoding a record."""
        digest = hashlib.sha256()
        for trial_id, content, _ in self._files():
            digest.update(trial_id.encode() + content)
        return digest.hexdigest()

    def remove_trial(self, trial_id: str) -> None:
        """Removes the folder of one trial with all that is in it, its record first: no record is left of half a trial.

        Raises:
            StoreError: it is a symbolic link.
            DiskError: it cannot be removed.
        """
        folder = self.trial(trial_id)
        atomic.check_folder(folder)
        atomic.remove(self.record_path(trial_id))
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise DiskError(f"{folder} cannot be removed: {files.reason(error)}. Remove it by hand.") from error

    def set_aside(self, trial_ids: Iterable[str]) -> None:
        """Renames records that cannot be counted, so that their trials are trained again and nothing is lost.

        Raises:
            DiskError: the directory cannot be written.
        """
        for trial_id in trial_ids:
            atomic.check_folder(self.trial(trial_id))
            atomic.set_aside(self.record_path(trial_id), UNREADABLE)

    def set_damaged_aside(self, name: str) -> Path:
        """Renames a file of the study itself that can be made again; returns its new path.

        Raises:
            DiskError: the directory cannot be written.
        """
        return atomic.set_aside(self.path / name, atomic.DAMAGED)

    def sweep(self, trial_ids: Iterable[str] | None = None) -> int:
        """Removes the temporary files that interrupted writes have left, and returns how many.

        Args:
            trial_ids: In the folders of which trials; None: of all. In the study's own folder always.
        """
        trials = self.path / "trials"
        all_of_them = trials.iterdir() if trials.is_dir() else ()
        return atomic.sweep(chain([self.path], all_of_them if trial_ids is None else map(self.trial, trial_ids)))

    def write_record(
        self,
        record: Record,
        *,
        traceback: str | None = None,
        curve: str | None = None,
        diagnostics: str | None = None,
    ) -> None:
        """Writes one trial: as `write_trials`."""
        self.write_trials([TrialOutput(record=record, traceback=traceback, curve=curve, diagnostics=diagnostics)])

    def write_trials(self, trials: Sequence[TrialOutput]) -> None:
        """Writes some trials, their records last: a record says that everything beside it is there.

        Then their checkpoints are removed. On a full disk whole trials are written one by one, as many as there is room
        for.

        Raises:
            DiskError: the disk is full or the directory cannot be written; no half-written record is left.
            StoreError: there is a symbolic link in place of a folder.
        """
        atomic.check_folder(self.path / "trials")
        for trial in trials:
            atomic.check_folder(self.trial(trial.record.id))
            for path, content in self._contents_by_path(trial).items():
                if content is None:
                    atomic.remove(path)
        paths = {trial.record.id: self.record_path(trial.record.id) for trial in trials}
        before = {path for path in paths.values() if files.is_there(path)}
        try:
            self._write(trials)
        except StoreError:
            if len(trials) < 2:
                raise
            for trial in trials:
                if (record := paths[trial.record.id]) not in before:
                    for path in (*self._contents_by_path(trial), record):
                        atomic.remove(path)
            for trial in trials:
                self._write([trial])
        for trial in trials:
            discard(self.trial(trial.record.id))

    def _write(self, trials: Sequence[TrialOutput]) -> None:
        beside = [
            {path: content for path, content in self._contents_by_path(trial).items() if content is not None}
            for trial in trials
        ]
        atomic.write_all({path: content for contents in beside for path, content in contents.items()})
        digests = [{path.name: digest_of(content) for path, content in contents.items()} for contents in beside]
        atomic.write_all(
            {
                self.record_path(trial.record.id): encode(replace(trial.record, files=names))
                for trial, names in zip(trials, digests, strict=True)
            }
        )

    def _contents_by_path(self, trial: TrialOutput) -> dict[Path, bytes | None]:
        texts = {TRACEBACK: trial.traceback, CURVE: trial.curve, DIAGNOSTICS: trial.diagnostics}
        contents = {
            name: None if text is None else text.encode(errors="backslashreplace") for name, text in texts.items()
        }
        folder = self.trial(trial.record.id)
        return {folder / name: content for name, content in (*contents.items(), (WEIGHTS, trial.weights))}

    def weights(self, record: Record) -> bytes | None:
        """The weights of a trial's network, as they were written; None: none were kept.

        Raises:
            StoreError: they were, and are not there as they were.
        """
        if WEIGHTS not in record.files:
            return None
        path = self.trial(record.id) / WEIGHTS
        try:
            content = files.read(path, limit=MAX_WEIGHTS_BYTES)
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {files.reason(error)}. {WEIGHTS_LOST}") from error
        if digest_of(content) != record.files[WEIGHTS]:
            raise StoreError(f"{path} is not as it was written: it was damaged or changed. {WEIGHTS_LOST}")
        return content

    def write(self, name: str, content: bytes | Iterable[bytes]) -> None:
        """Writes a file of the study itself, such as summary.json, from its bytes or from pieces of them."""
        atomic.write(self.path / name, content)

    def read(self, name: str, *, limit: int = MAX_CACHE_BYTES) -> bytes | None:
        """Reads a file of the study itself, or None where it is absent.

        Raises:
            StoreError: it is there and cannot be read.
        """
        path = self.path / name
        try:
            return files.read(path, limit=limit)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            way_out = AS_IT_WAS if name == STUDY else "Remove it."
            raise StoreError(f"{path} cannot be read: {files.reason(error)}. {way_out}") from error

    def _files(self) -> Iterator[tuple[str, bytes, str | None]]:
        """Trial id, the bytes of its record, and why they could not be read.

        Raises:
            StoreError: the file system does not answer.
        """
        trials = self.path / "trials"
        try:
            trial_ids = sorted(path.name for path in trials.iterdir())
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return
        except OSError as error:
            raise StoreError(f"{trials} cannot be read: {files.reason(error)}. {NO_ANSWER}") from error
        for trial_id in trial_ids:
            path = self.record_path(trial_id)
            try:
                yield trial_id, files.read(path, limit=MAX_RECORD_BYTES), None
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                if error.errno in NOT_ANSWERED:
                    raise StoreError(f"{path} cannot be read: {files.reason(error)}. {NO_ANSWER}") from error
                yield trial_id, b"", error.strerror


def digest_of(content: bytes) -> str:
    """SHA-256 of a file beside a record, as the record keeps it."""
    return hashlib.sha256(content).hexdigest()


NOT_ANSWERED = (errno.ESTALE, errno.ETIMEDOUT)
"""What a shared file system says while its server is away, or another machine has replaced a file."""

NO_ANSWER = "If it is on a shared file system, that may be for the moment: run the same command again."

TRAIN_AGAIN = "The next 'ablate run' of the study sets it aside and trains its trial again."

WEIGHTS_LOST = "Restore it, or remove its trial's folder: 'ablate run' with keep=weights trains it again."

LOST = "Restore it: without it, 'ablate run' freezes the study anew, and its claims are exploratory."

AS_IT_WAS = "Restore it, or remove the directory to start the study again."
