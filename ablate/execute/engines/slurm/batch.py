"""A batch: jobs that are submitted together as one job array, with a folder in the study's directory.

The folder is written before the jobs are submitted. So a driver that dies leaves either a batch that was not submitted,
or one whose tasks run to their end and which the next driver finds.
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
from ablate.execute.engines.slurm.reply import Reply
from ablate.execute.process.import_path import user_modules_last
from ablate.execute.train.job import Job
from ablate.execute.train.provenance import source_digests
from ablate.limits import MAX_CACHE_BYTES, MAX_TEXT_BYTES
from ablate.store import atomic

FOLDER = "slurm"
"""Name of the folder in a study's directory that has a folder for each batch."""

LOCK = ".lock"
"""A file in `FOLDER` that is locked while a driver, or its sbatch, submits a batch of the study."""

BATCH = "batch.json"
"""The `Description`."""
JOBS = "jobs.pickle"
"""The `Payload`."""
SUBMITTED = "submitted"
"""The job id that sbatch has printed."""
CLAIM = "array"
"""The job id of the array whose tasks train this batch. The first task that starts writes it."""
REPLY, STARTS, COLLECTED, LOG = ".json", ".begun", ".collected", ".log"
"""Suffixes of a task's files, after its index: its `Reply`, a line for each start, its collected reply, its output."""

MAX_LINE_CHARS = 500
"""Length to which the last line of a task's output is cut."""

NAME = re.compile(r"ablate-[\w.-]+")


class TaskEntry(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What the next driver has to know of a task."""

    trials: tuple[str, ...]
    sources: tuple[str, ...]
    """Source digest of each trial's code when the task was submitted."""
    may_wait: bool
    """As of `Job`."""


class Description(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What the next driver has to know of a batch."""

    name: str
    """Name of its array in Slurm, which no other job has."""
    cap: int
    """Tasks that run at a time, at most."""
    is_detached: bool
    """Whether it was submitted with `--detach`: then no driver cancels it."""
    tasks: tuple[TaskEntry, ...]


@dataclass(frozen=True, kw_only=True)
class Payload:
    """What the tasks of a batch need to train their jobs."""

    jobs: tuple[Job, ...]
    threads: int
    """CPU threads of each training."""
    path: tuple[str, ...]
    """The driver's import path."""
    objects: Mapping[str, tuple[bytes, str]]
    """Objects passed from Python: name → the pickled object, and its digest."""
    sources: tuple[tuple[str, ...], ...]
    """For each job, the `current_sources` when the batch was written."""


def current_sources(job: Job) -> tuple[str, ...]:
    """Source digest of each trial's code as it is on disk now."""
    with user_modules_last():
        return source_digests(trial.config for trial in job.bundle.trials)


class Batch:
    """A batch on disk."""

    def __init__(self, folder: Path, description: Description) -> None:
        self.folder = folder
        self.description = description

    @classmethod
    def write(cls, directory: Path, jobs: Sequence[Job], *, threads: int, cap: int, is_detached: bool) -> Self:
        """Writes the folder of a new batch. No other user can enter it, as nodes execute its content.

        Args:
            directory: The study's directory.
            jobs: One for each task.
            threads: CPU threads of each training.
            cap: Tasks that run at a time, at most.
            is_detached: Whether drivers leave it running.

        Raises:
            StoreError: the folder cannot be written.
            EngineError: the payload is larger than `MAX_TEXT_BYTES`.
            ConfigError: an object that was passed from Python cannot be pickled.
        """
        token = secrets.token_hex(6)
        entries = tuple(
            TaskEntry(trials=tuple(t.id for t in job.bundle.trials), sources=job.sources, may_wait=job.may_wait)
            for job in jobs
        )
        study = re.sub(r"[^A-Za-z0-9_.-]+", "-", directory.resolve().name)[:60]
        description = Description(name=f"ablate-{study}-{token}", cap=cap, is_detached=is_detached, tasks=entries)
        folder = directory / FOLDER / token
        content = pickle.dumps(
            Payload(
                jobs=tuple(jobs),
                threads=threads,
                path=tuple(sys.path),
                objects=passed_objects.pickle_for_other_machines(),
                sources=tuple(current_sources(job) for job in jobs),
            )
        )
        if len(content) > MAX_TEXT_BYTES:
            raise EngineError(
                f"engine=slurm: the jobs have {len(content):,} bytes with the objects that were passed from Python; "
                f"the limit is {MAX_TEXT_BYTES:,}. Have the jobs read large data from a file instead."
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
        """Name of its array in Slurm."""
        return self.description.name

    @property
    def job_id(self) -> int | None:
        """Job id of the array that trains it; None: its folder has none."""
        for name in (CLAIM, SUBMITTED):
            with suppress(OSError, ValueError):
                return int(files.read(self.folder / name, limit=100))
        return None

    def note_submitted(self, job_id: int) -> None:
        """Writes down the job id that sbatch has printed.

        Raises:
            DiskError: it cannot be written.
        """
        atomic.write(self.folder / SUBMITTED, str(job_id).encode())

    def detach(self) -> None:
        """Writes down that no driver is to cancel it.

        Raises:
            DiskError: it cannot be written.
        """
        self.description = msgspec.structs.replace(self.description, is_detached=True)
        atomic.write(self.folder / BATCH, msgspec.json.encode(self.description))

    def claim(self, job_id: int) -> bool:
        """Claims the batch for an array. Returns whether the array has it now: the first array that claims it.

        So a batch that was submitted twice, because the reply to the first sbatch was lost, is trained once.

        Args:
            job_id: The array's job id.
        """
        draft = self.folder / f".{CLAIM}.{secrets.token_hex(4)}.tmp"
        draft.write_text(str(job_id))
        try:
            os.link(draft, self.folder / CLAIM)  # atomic, and fails if the file exists
        except FileExistsError:
            return self.job_id == job_id
        finally:
            draft.unlink(missing_ok=True)
        return True

    def payload(self, digest: str) -> Payload:
        """Unpickles the payload, if it is what was submitted.

        Args:
            digest: The `payload_digest` when the batch was submitted.

        Raises:
            EngineError: the file has another digest. It is not unpickled.
        """
        content = files.read(self.folder / JOBS, limit=MAX_TEXT_BYTES)
        if hashlib.sha256(content).hexdigest() != digest:
            raise EngineError(f"{self.folder / JOBS} is not what was submitted: it was damaged or changed.")
        return pickle.loads(content)

    def payload_digest(self) -> str:
        """SHA-256 of the payload's file, in hexadecimal."""
        return hashlib.sha256(files.read(self.folder / JOBS, limit=MAX_TEXT_BYTES)).hexdigest()

    def note_start(self, index: int, line: str) -> int:
        """Appends a line about a start of a task; returns how often the task has started."""
        with (self.folder / f"{index}{STARTS}").open("a+", encoding="utf-8") as file:
            file.write(line.replace("\n", " ") + "\n")
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            return len(file.readlines())

    def write_reply(self, index: int, reply: Reply) -> None:
        """Writes the reply of a task.

        Raises:
            DiskError: it cannot be written.
        """
        atomic.write(self.folder / f"{index}{REPLY}", msgspec.json.encode(reply))

    def _file_names(self) -> set[str]:
        """Lists the folder. A new listing also shows files that other machines have written since the last one."""
        with suppress(OSError):
            return {entry.name for entry in os.scandir(self.folder)}
        return set()

    def replies(self) -> dict[int, Reply]:
        """The replies that were not collected yet, by the task's index."""
        found: dict[int, Reply] = {}
        for index in _indices(self._file_names(), REPLY, self.description):
            with suppress(OSError, ValueError):
                content = files.read(self.folder / f"{index}{REPLY}", limit=MAX_CACHE_BYTES)
                found[index] = msgspec.json.decode(content, type=Reply)
        return found

    def started(self) -> set[int]:
        """Indices of the tasks that have started."""
        return _indices(self._file_names(), STARTS, self.description)

    def collected(self) -> set[int]:
        """Indices of the tasks whose reply a driver has collected, or for which no driver waits any longer."""
        return _indices(self._file_names(), COLLECTED, self.description)

    def uncollected(self) -> set[int]:
        """Indices of all other tasks."""
        return set(range(len(self.description.tasks))) - self.collected()

    def collect(self, index: int) -> None:
        """Marks a task's reply as collected. If there is none, no driver waits for one any longer."""
        reply = self.folder / f"{index}{REPLY}"
        with suppress(OSError):
            if reply.exists():
                reply.rename(reply.with_suffix(COLLECTED))
            else:
                reply.with_suffix(COLLECTED).touch()

    def last_line(self, index: int) -> str | None:
        """The last line of a task's output that is not empty; None: there is none."""
        try:
            content = files.read(self.folder / f"{index}{LOG}", limit=MAX_CACHE_BYTES)
        except OSError:
            return None
        lines = [line.strip() for line in content.decode(errors="replace").splitlines() if line.strip()]
        return lines[-1][:MAX_LINE_CHARS] if lines else None

    def remove(self) -> None:
        """Removes the folder, and `FOLDER` with its last batch."""
        with suppress(OSError):
            (self.folder / BATCH).unlink()  # first: without it, the rest of the folder is no batch
        shutil.rmtree(self.folder, ignore_errors=True)
        with suppress(OSError):
            if {entry.name for entry in os.scandir(self.folder.parent)} <= {LOCK}:
                (self.folder.parent / LOCK).unlink(missing_ok=True)
                self.folder.parent.rmdir()


def batches(directory: Path) -> Iterator[Batch]:
    """The batches of a study, in the order of their names.

    Raises:
        StoreError: a batch cannot be read.
    """
    for folder in sorted((directory / FOLDER).glob("*/")):
        if files.is_there(folder / BATCH) and not folder.is_symlink():
            yield read_batch(folder)


def remove_incomplete(directory: Path) -> None:
    """Removes folders without a description, which a driver has left that died: they were not submitted."""
    for folder in (directory / FOLDER).glob("*/"):
        if not files.is_there(folder / BATCH) and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)


def read_batch(folder: Path) -> Batch:
    """Reads the batch in a folder.

    Raises:
        StoreError: it cannot be read, or its name is not one of ablate's.
    """
    try:
        content = files.read(folder / BATCH, limit=MAX_CACHE_BYTES)
        description = msgspec.json.decode(content, type=Description)
    except (OSError, ValueError) as error:
        why = files.reason(error) if isinstance(error, OSError) else str(error)
        raise StoreError(
            f"{folder / BATCH} cannot be read: {why}. It describes jobs of Slurm that may still run: `squeue --me` "
            f"lists them. Use the version of ablate that has submitted them, or cancel them and remove {folder}."
        ) from error
    if not NAME.fullmatch(description.name):
        raise StoreError(f"{folder / BATCH} names no job of ablate: {description.name!r}. Remove {folder}.")
    return Batch(folder, description)


def _indices(names: set[str], suffix: str, description: Description) -> set[int]:
    found = {name.removesuffix(suffix) for name in names if name.endswith(suffix)}
    return {int(index) for index in found if index.isdigit() and int(index) < len(description.tasks)}
