"""The files of trials that a worker has written to a disk that its driver does not see, sent to the driver."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ablate.errors import StoreError
from ablate.execute.train.job import Job
from ablate.store import atomic
from ablate.store.directory import CURVE, DIAGNOSTICS, RECORD, TRACEBACK, StudyDirectory, TrialOutput
from ablate.store.progress import STATE, Progress, keep, progress_in
from ablate.store.record import Record


@dataclass(frozen=True, kw_only=True)
class TrialFiles:
    """All files of one trial's folder, with its record."""

    record: Record
    files: Mapping[str, bytes]
    """Path relative to the trial's folder → content."""


def read_trials(job: Job) -> tuple[TrialFiles, ...]:
    """Reads the files of those trials of a job that have a record."""
    study = StudyDirectory(job.directory)
    found = (_read_trial(study, trial.id) for trial in job.bundle.trials)
    return tuple(trial for trial in found if trial is not None)


def write_trials(trials: Iterable[TrialFiles], directory: Path) -> None:
    """Writes files of trials into a study's directory. Each trial's record is written last.

    Args:
        trials: The trials.
        directory: The study's directory.

    Raises:
        StoreError: a file cannot be written, or a path leaves its trial's folder.
    """
    study = StudyDirectory(directory)
    for trial in trials:
        files = dict(trial.files)
        files.pop(RECORD, None)
        texts = {name: files.pop(name, None) for name in (TRACEBACK, CURVE, DIAGNOSTICS)}
        text = {name: None if content is None else content.decode() for name, content in texts.items()}
        for name, content in files.items():
            atomic.write(study.trial(trial.record.id) / _inside(name), content)
        written = TrialOutput(
            record=trial.record, traceback=text[TRACEBACK], curve=text[CURVE], diagnostics=text[DIAGNOSTICS]
        )
        study.write_trials([written])


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """The checkpoint of a training that has not ended."""

    progress: Progress
    state: bytes


def read_states(job: Job) -> tuple[Checkpoint, ...]:
    """Reads the checkpoints of a job's unfinished trainings from its directory."""
    if job.checkpoint_min is None:
        return ()
    found: list[Checkpoint] = []
    for trial in job.bundle.trials:
        folder = StudyDirectory(job.directory).trial(trial.id)
        with suppress(OSError):
            if (progress := progress_in(folder)) is not None:
                found.append(Checkpoint(progress=progress, state=(folder / STATE).read_bytes()))
    return tuple(found)


def write_states(kept: Iterable[Checkpoint], job: Job) -> None:
    """Writes checkpoints of a job's trainings into its directory.

    Raises:
        StoreError: it cannot be written.
    """
    ids = {trial.id for trial in job.bundle.trials}
    for one in kept:
        if one.progress.trials[0] in ids:
            keep(StudyDirectory(job.directory).trial(one.progress.trials[0]), one.progress, one.state)


def _read_trial(study: StudyDirectory, trial_id: str) -> TrialFiles | None:
    try:
        record = study.record(trial_id)
    except StoreError:
        return None
    folder = study.trial(trial_id)
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    return TrialFiles(record=record, files={path.relative_to(folder).as_posix(): path.read_bytes() for path in paths})


def _inside(name: str) -> PurePosixPath:
    """A relative path that stays in the folder of its trial.

    Raises:
        StoreError: it leaves the folder.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise StoreError(
            f"A worker names the file {name!r}, which is not in the folder of its trial. It is not written."
        )
    return path
