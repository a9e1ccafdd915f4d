"""The input of an engine: a bundle, and where its records are written."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ablate.errors import StoreError
from ablate.execute.train.outcome import Outcome
from ablate.execute.train.record import now, record
from ablate.plan.bundle import Bundle
from ablate.plan.lesions import Lesions
from ablate.plan.trial import Trial
from ablate.store.directory import StudyDirectory
from ablate.store.progress import Progress, progress_in
from ablate.store.record import Record


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One bundle of a study. Small and picklable: it is sent to a worker."""

    bundle: Bundle
    directory: Path
    """The study's directory. The process that trains writes the records there."""
    sources: tuple[str, ...]
    """The source digest of each trial's code."""
    commit: str | None
    stated: str | None = None
    """Digest of what the study states before its first trial."""
    response: str | None = None
    """What the study compares; None: not known."""
    keeps_weights: bool = False
    """Whether the trained networks' weights are written beside the records."""
    lesions: Lesions | None = None
    """Lesions of the trained full network; None: none are asked for."""
    checkpoint_min: float | None = None
    """Minutes between two checkpoints of a training; None: none is written."""
    may_wait: bool = False
    """Whether a trial that runs out of memory is left without a record, to be trained when nothing trains beside it."""

    def lesions_of(self, trial: Trial) -> Lesions | None:
        """The lesions to evaluate after a trial; None: it is not of the full network, or is not tested."""
        is_full = self.lesions is not None and trial.point.levels == self.lesions.levels
        return self.lesions if is_full and trial.is_tested else None


def record_failures(job: Job, *, error: str, traceback: str, engine: str, threads: int) -> tuple[Record, ...]:
    """Records as failed the trials of a job that have no result of this code; returns the records of all its trials.

    Raises:
        StoreError: the records cannot be written.
    """
    return tuple(
        _result(trial, job, source)
        or record_failure(trial, job, error=error, traceback=traceback, engine=engine, threads=threads, source=source)
        for trial, source in zip(job.bundle.trials, job.sources, strict=True)
    )


def halves(job: Job) -> tuple[Job, ...]:
    """Two jobs with half of the trials each: they need less memory at a time."""
    middle = (len(job.bundle.trials) + 1) // 2
    return tuple(
        replace(job, bundle=replace(job.bundle, trials=job.bundle.trials[part]), sources=job.sources[part])
        for part in (slice(middle), slice(middle, None))
        if job.bundle.trials[part]
    )


def one_by_one(job: Job) -> tuple[Job, ...]:
    """One job for each trial."""
    return tuple(
        replace(job, bundle=replace(job.bundle, trials=(trial,)), sources=(source,))
        for trial, source in zip(job.bundle.trials, job.sources, strict=True)
    )


def unfinished(job: Job) -> tuple[tuple[Record, ...], tuple[Job, ...]]:
    """The records of the trials that a lost worker had finished, and a job for each of the others."""
    alone = one_by_one(job)
    found = [_result(each.bundle.trials[0], each, each.sources[0]) for each in alone]
    records = tuple(record for record in found if record is not None)
    return records, tuple(each for each, record in zip(alone, found, strict=True) if record is None)


def under_way(job: Job) -> Progress | None:
    """The progress from which a job of one trial, or of a stack, goes on; None: it starts at the beginning."""
    if job.checkpoint_min is None:
        return None
    trials = tuple(trial.id for trial in job.bundle.trials)
    found = progress_in(StudyDirectory(job.directory).trial(trials[0]))
    return found if found is not None and found.trials == trials else None


def without_record(job: Job, records: Sequence[Record]) -> tuple[Job, ...]:
    """A job for each trial that has no record, as those that ran out of memory. The next try is their last."""
    done = {record.id for record in records}
    return tuple(replace(one, may_wait=False) for one in one_by_one(job) if one.bundle.trials[0].id not in done)


def time_limit_min(job: Job) -> float | None:
    """Minutes that a job may take: those of its trials, added up; None: one of them has no limit."""
    limits = [trial.config.trainer.settings.timeout_min for trial in job.bundle.trials]
    return sum(limit for limit in limits if limit is not None) if None not in limits else None


def memory_limit_gb(job: Job) -> float | None:
    """Memory that a job may take: that of its trials, added up where they train as one; None: one has no limit."""
    limits = [trial.config.trainer.settings.memory_gb for trial in job.bundle.trials]
    known = [limit for limit in limits if limit is not None]
    if len(known) < len(limits):
        return None
    return sum(known) if job.bundle.stacked else max(known)


def record_timeout(job: Job, *, engine: str, threads: int) -> Record:
    """Records the one trial of a job as timed out.

    Raises:
        StoreError: the record cannot be written.
    """
    (trial,), (source,) = job.bundle.trials, job.sources
    limit_min = time_limit_min(job)
    assert limit_min is not None
    error = f"not done after {limit_min:g} min (trainer.timeout_min)"
    outcome = Outcome(started=now(), error=error, is_timed_out=True, seconds=60 * limit_min)
    made = record(trial, outcome, engine=engine, threads=threads, source=source, commit=job.commit, stated=job.stated)
    StudyDirectory(job.directory).write_record(made)
    return made


def _result(trial: Trial, job: Job, source: str) -> Record | None:
    """The result that the worker wrote before it died. One of older code does not count: the job was to replace it."""
    try:
        found = StudyDirectory(job.directory).record(trial.id)
    except StoreError:
        return None
    is_of_this_code = found.provenance is not None and found.provenance.source == source
    return found if found.is_result and is_of_this_code else None


def record_failure(
    trial: Trial, job: Job, *, error: str, traceback: str, engine: str, threads: int, source: str
) -> Record:
    """Records one trial as failed, with its traceback in a file beside the record.

    Raises:
        StoreError: the record cannot be written.
    """
    outcome = Outcome(started=now(), error=error, is_failed=True)
    made = record(trial, outcome, engine=engine, threads=threads, source=source, commit=job.commit, stated=job.stated)
    StudyDirectory(job.directory).write_record(made, traceback=traceback)
    return made
