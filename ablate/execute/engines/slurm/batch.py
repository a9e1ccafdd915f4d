"""Jobs that are submitted together, as one job array, and their folder in the study's directory.

Whatever is needed to find them again is there before they are submitted: a driver that dies at any moment leaves
either a batch that was not submitted, or one whose tasks run to their end and are found by the next driver.
"""

import hashlib
import os
import pickle
import re
import secrets
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec

from ablate import files, passed_objects
from ablate.errors import DiskError, EngineError, StoreError
from ablate.execute.engines.slurm.answer import Answer
from ablate.execute.process.import_path import user_modules_last
from ablate.execute.train.job import Job
from ablate.execute.train.provenance import source_digests
from ablate.limits import MAX_CACHE_BYTES, MAX_TEXT_BYTES
from ablate.store import atomic

FOLDER = "slurm"
"""Of a study's directory: a folder for each batch."""

LOCK = ".lock"
"""Of submissions: whoever submits a batch of the study holds it, and so does sbatch."""

BATCH = "batch.json"
JOBS = "jobs.pickle"
SUBMITTED = "submitted"
"""The job id that sbatch has answered."""
CLAIM = "array"
"""The job id of the array whose tasks train this batch: of the first of them that has started."""
ANSWERED, BEGUN, COLLECTED, LOG = ".json", ".begun", ".collected", ".log"
"""Of a task, after its index."""

NAME = re.compile(r"ablate-[\w.-]+")


class Entry(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """One task."""

    trials: tuple[str, ...]
    sources: tuple[str, ...]
    """The source digest of each trial's code when the task was submitted."""
    may_wait: bool


class Description(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What the next driver is to know of a batch."""

    name: str
    """Of its job in Slurm; no other has it."""
    cap: int
    """Tasks of it that run at a time, at most."""
    is_detached: bool
    """Whether its driver has left it. Then Ctrl-C in another does not cancel it."""
    tasks: tuple[Entry, ...]


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What the tasks of a batch get."""

    jobs: tuple[Job, ...]
    threads: int
    path: tuple[str, ...]
    """The driver's import path."""
    objects: Mapping[str, tuple[bytes, str]]
    """Those passed from Python: name → the pickled object, and its digest."""
    sources: tuple[tuple[str, ...], ...]
    """Of each job the source digest of each trial's code, as it was when the batch was written."""


def sources_now(job: Job) -> tuple[str, ...]:
    """The source digest of each trial's code as it is on disk."""
    with user_modules_last():
        return source_digests(trial.config for trial in job.bundle.trials)


class Batch:
    """One batch, on disk."""

    def __init__(self, folder: Path, description: Description) -> None:
        self.folder = folder
        self.description = description

    @classmethod
    def write(cls, directory: Path, jobs: Sequence[Job], *, threads: int, cap: int, is_detached: bool) -> Self:
        """Makes the folder of a batch. Nobody else can read it: what is in it is executed.

        Raises:
            StoreError: it cannot be written.
            EngineError: it is too large.
            ConfigError: an object that was passed from Python cannot be pickled.
        """
        mark = secrets.token_hex(6)
        entries = tuple(
            Entry(trials=tuple(t.id for t in job.bundle.trials), sources=job.sources, may_wait=job.may_wait)
            for job in jobs
        )
        study = re.sub(r"[^A-Za-z0-9_.-]+", "-", directory.resolve().name)[:60]
        description = Description(name=f"ablate-{study}-{mark}", cap=cap, is_detached=is_detached, tasks=entries)
        folder = directory / FOLDER / mark
        objects = {
            name: (Path(file).read_bytes(), digest) for name, (file, digest) in passed_objects.pickle_all().items()
        }
        content = pickle.dumps(
            Sent(
                jobs=tuple(jobs),
                threads=threads,
                path=tuple(sys.path),
                objects=objects,
                sources=tuple(sources_now(job) for job in jobs),
            )
        )
        if len(content) > MAX_TEXT_BYTES:
            raise EngineError(
                f"engine=slurm: what the jobs get has {len(content):,} bytes; the limit is {MAX_TEXT_BYTES:,}. Data "
                "that were passed from Python are sent with them: have the nodes read them from a file."
            )
        atomic.check_folder(directory / FOLDER)
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise DiskError(atomic.explain(folder, error)) from error
        atomic.write(folder / JOBS, content)
        atomic.write(folder / BATCH, msgspec.json.encode(description))
        return cls(folder, description)

    @property
    def name(self) -> str:
        """Of its job in Slurm."""
        return self.description.name

    @property
    def job_id(self) -> int | None:
        """Of the array that trains it; None: it is not known that there is one."""
        for name in (CLAIM, SUBMITTED):
            with suppress(OSError, ValueError):
                return int(files.read(self.folder / name, limit=100))
        return None

    def note_submitted(self, job_id: int) -> None:
        """Keeps the id that sbatch has answered.

        Raises:
            DiskError: it cannot be written.
        """
        atomic.write(self.folder / SUBMITTED, str(job_id).encode())

    def detach(self) -> None:
        """Notes that it is left to itself.

        Raises:
            DiskError: that cannot be written.
        """
        self.description = msgspec.structs.replace(self.description, is_detached=True)
        atomic.write(self.folder / BATCH, msgspec.json.encode(self.description))

    def claim(self, job_id: int) -> bool:
        """Takes the batch for an array, and returns whether it is that one's now, or was before.

        A batch that was submitted twice, since the first sbatch had not answered, is trained once.
        """
        draft = self.folder / f".{CLAIM}.{secrets.token_hex(4)}.tmp"
        draft.write_text(str(job_id))
        try:
            os.link(draft, self.folder / CLAIM)  # whole or not at all, and never over another's
        except FileExistsError:
            return self.job_id == job_id
        finally:
            draft.unlink(missing_ok=True)
        return True

    def sent(self, digest: str) -> Sent:
        """What its tasks train.

        Args:
            digest: As of `digest` when it was submitted.

        Raises:
            EngineError: it is another by now; it is not read.
        """
        content = files.read(self.folder / JOBS, limit=MAX_TEXT_BYTES)
        if hashlib.sha256(content).hexdigest() != digest:
            raise EngineError(f"{self.folder / JOBS} is not what was submitted: it was damaged or changed.")
        return pickle.loads(content)

    def digest(self) -> str:
        """SHA-256 of what its tasks get."""
        return hashlib.sha256(files.read(self.folder / JOBS, limit=MAX_TEXT_BYTES)).hexdigest()

    def note_begun(self, index: int, line: str) -> int:
        """Adds a line about a start of a task; returns how many there are."""
        with (self.folder / f"{index}{BEGUN}").open("a+", encoding="utf-8") as file:
            file.write(line.replace("\n", " ") + "\n")
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            return len(file.readlines())

    def answer(self, index: int, answer: Answer) -> None:
        """Writes how a task's job has ended.

        Raises:
            DiskError: it cannot be written.
        """
        atomic.write(self.folder / f"{index}{ANSWERED}", msgspec.json.encode(answer))

    def names(self) -> set[str]:
        """The files of its folder. To list a folder anew shows what other machines have written there."""
        with suppress(OSError):
            return {entry.name for entry in os.scandir(self.folder)}
        return set()

    def answers(self) -> dict[int, Answer]:
        """The answers that have not been collected, by the task's index."""
        found: dict[int, Answer] = {}
        for index in _indices(self.names(), ANSWERED, self.description):
            with suppress(OSError, ValueError):
                content = files.read(self.folder / f"{index}{ANSWERED}", limit=MAX_CACHE_BYTES)
                found[index] = msgspec.json.decode(content, type=Answer)
        return found

    def begun(self) -> set[int]:
        """The tasks that have started."""
        return _indices(self.names(), BEGUN, self.description)

    def collected(self) -> set[int]:
        """The tasks whose answer some driver has had."""
        return _indices(self.names(), COLLECTED, self.description)

    def collect(self, index: int) -> None:
        """Notes that a task's answer was taken, or that none is waited for."""
        answered = self.folder / f"{index}{ANSWERED}"
        with suppress(OSError):
            if answered.exists():
                answered.rename(answered.with_suffix(COLLECTED))
            else:
                answered.with_suffix(COLLECTED).touch()

    def last_line(self, index: int) -> str | None:
        """The last that a task has written, but for empty lines."""
        try:
            content = files.read(self.folder / f"{index}{LOG}", limit=MAX_CACHE_BYTES)
        except OSError:
            return None
        lines = [line.strip() for line in content.decode(errors="replace").splitlines() if line.strip()]
        return lines[-1][:500] if lines else None

    def remove(self) -> None:
        """Removes the folder, and that of all batches if it was the last."""
        with suppress(OSError):
            (self.folder / BATCH).unlink()  # first: what is left is no batch
        shutil.rmtree(self.folder, ignore_errors=True)
        with suppress(OSError):
            if {entry.name for entry in os.scandir(self.folder.parent)} <= {LOCK}:
                (self.folder.parent / LOCK).unlink(missing_ok=True)
                self.folder.parent.rmdir()


def batches(directory: Path) -> Iterator[Batch]:
    """The batches of a study, in the order of their names.

    Raises:
        StoreError: one cannot be read.
    """
    for folder in sorted((directory / FOLDER).glob("*/")):
        if files.is_there(folder / BATCH) and not folder.is_symlink():
            yield at(folder)


def sweep(directory: Path) -> None:
    """Removes what a driver that died has left of batches: without a description, they were not submitted."""
    for folder in (directory / FOLDER).glob("*/"):
        if not files.is_there(folder / BATCH) and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)


def at(folder: Path) -> Batch:
    """The batch of a folder.

    Raises:
        StoreError: it cannot be read.
    """
    try:
        content = files.read(folder / BATCH, limit=MAX_CACHE_BYTES)
        description = msgspec.json.decode(content, type=Description)
    except (OSError, ValueError) as error:
        why = files.reason(error) if isinstance(error, OSError) else str(error)
        raise StoreError(
            f"{folder / BATCH} cannot be read: {why}. It describes jobs of Slurm that may run yet: `squeue --me` lists "
            f"them. Use the version of ablate that has submitted them, or cancel them and remove {folder}."
        ) from error
    if not NAME.fullmatch(description.name):
        raise StoreError(f"{folder / BATCH} names no job of ablate: {description.name!r}. Remove {folder}.")
    return Batch(folder, description)


def _indices(names: set[str], suffix: str, description: Description) -> set[int]:
    found = {name.removesuffix(suffix) for name in names if name.endswith(suffix)}
    return {int(index) for index in found if index.isdigit() and int(index) < len(description.tasks)}
