"""What a worker has written of a trial in a directory that its driver does not see, and how the driver gets it."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ablate.errors import StoreError
from ablate.execute.train.job import Job
from ablate.store import atomic
from ablate.store.directory import CURVE, DIAGNOSTICS, RECORD, TRACEBACK, StudyDirectory, Written
from ablate.store.progress import STATE, Progress, keep, progress_in
from ablate.store.record import Record


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One trial: its record, and all files of its folder."""

    record: Record
    files: Mapping[str, bytes]
    """Path below the trial's folder → its bytes."""


def packed(job: Job) -> tuple[Delivery, ...]:
    """The trials of a job that have a record in its directory."""
    return tuple(
        _packed(job.directory, trial.id) for trial in job.bundle.trials if _has_record(job.directory, trial.id)
    )


def unpack(deliveries: Iterable[Delivery], directory: Path) -> None:
    """Writes trials into a study's directory, each with its record last.

    Raises:
        StoreError: they cannot be written.
    """
    study = StudyDirectory(directory)
    for delivery in deliveries:
        files = dict(delivery.files)
        files.pop(RECORD, None)
        texts = {name: files.pop(name, None) for name in (TRACEBACK, CURVE, DIAGNOSTICS)}
        text = {name: None if content is None else content.decode() for name, content in texts.items()}
        for name, content in files.items():
            atomic.write(study.trial(delivery.record.id) / _below(name), content)
        written = Written(
            record=delivery.record, traceback=text[TRACEBACK], curve=text[CURVE], diagnostics=text[DIAGNOSTICS]
        )
        study.write_trials([written])


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The state of a training that has not ended."""

    progress: Progress
    state: bytes


def states(job: Job) -> tuple[Kept, ...]:
    """What is kept in a job's directory of trainings that have not ended."""
    if job.checkpoint_min is None:
        return ()
    found: list[Kept] = []
    for trial in job.bundle.trials:
        folder = StudyDirectory(job.directory).trial(trial.id)
        with suppress(OSError):
            if (progress := progress_in(folder)) is not None:
                found.append(Kept(progress=progress, state=(folder / STATE).read_bytes()))
    return tuple(found)


def write_states(kept: Iterable[Kept], job: Job) -> None:
    """Writes what is kept of trainings of a job into its directory.

    Raises:
        StoreError: it cannot be written.
    """
    ids = {trial.id for trial in job.bundle.trials}
    for one in kept:
        if one.progress.trials[0] in ids:
            keep(StudyDirectory(job.directory).trial(one.progress.trials[0]), one.progress, one.state)


def _has_record(directory: Path, trial_id: str) -> bool:
    try:
        StudyDirectory(directory).record(trial_id)
    except StoreError:
        return False
    return True


def _packed(directory: Path, trial_id: str) -> Delivery:
    folder = StudyDirectory(directory).trial(trial_id)
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    return Delivery(
        record=StudyDirectory(directory).record(trial_id),
        files={path.relative_to(folder).as_posix(): path.read_bytes() for path in paths},
    )


def _below(name: str) -> PurePosixPath:
    """A path that stays in the folder of its trial.

    Raises:
        StoreError: it does not.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise StoreError(
            f"A worker names the file {name!r}, which is not in the folder of its trial. It is not written."
        )
    return path
