"""What an engine is given: a bundle, and where and how to train it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from ablate.errors import StoreError
from ablate.execute.train.provenance import provenance
from ablate.plan.bundle import Bundle
from ablate.plan.trial import Trial
from ablate.store.directory import StudyDirectory
from ablate.store.record import Counts, Record


@dataclass(frozen=True, kw_only=True)
class Job:
    """One bundle of a study. Small and picklable: it travels to a worker."""

    bundle: Bundle
    directory: Path
    """The study's directory; the records are written there by whoever trains."""
    sources: tuple[str, ...]
    """The source digest of each trial's code."""
    commit: str | None


def fail(job: Job, *, error: str, traceback: str, engine: str, threads: int) -> tuple[Record, ...]:
    """Records as failed what a worker that died has left of a job, and returns all of its records.

    Raises:
        StoreError: the records cannot be written.
    """
    return tuple(
        _result(trial, job, source)
        or failed(trial, job, error=error, traceback=traceback, engine=engine, threads=threads, source=source)
        for trial, source in zip(job.bundle.trials, job.sources, strict=True)
    )


def halves(job: Job) -> tuple[Job, ...]:
    """Two jobs with half of this one's trials each, or nearly: what does not fit together may fit so."""
    middle = (len(job.bundle.trials) + 1) // 2
    return tuple(
        replace(job, bundle=replace(job.bundle, trials=job.bundle.trials[part]), sources=job.sources[part])
        for part in (slice(middle), slice(middle, None))
        if job.bundle.trials[part]
    )


def one_by_one(job: Job) -> tuple[Job, ...]:
    """A job for each trial of this one, to be trained as alone as its bundle allows."""
    return tuple(
        replace(job, bundle=replace(job.bundle, trials=(trial,)), sources=(source,))
        for trial, source in zip(job.bundle.trials, job.sources, strict=True)
    )


def _result(trial: Trial, job: Job, source: str) -> Record | None:
    """What the worker wrote before it died. A result of older code is what the job was to replace."""
    try:
        record = StudyDirectory(job.directory).record(trial.id)
    except StoreError:
        return None
    is_of_this_code = record.provenance is not None and record.provenance.source == source
    return record if record.state != "failed" and is_of_this_code else None


def failed(trial: Trial, job: Job, *, error: str, traceback: str, engine: str, threads: int, source: str) -> Record:
    """Records one trial as failed, its traceback in a file beside the record.

    Raises:
        StoreError: the record cannot be written.
    """
    record = Record(
        id=trial.id,
        study=trial.study,
        levels=dict(trial.point.levels),
        replicate=trial.replicate,
        state="failed",
        responses={},
        counts=Counts(),
        seconds=0.0,
        started=datetime.now(UTC).isoformat("T", "seconds"),
        error=error.encode(errors="backslashreplace").decode(),
        provenance=provenance(device="", threads=threads, engine=engine, source=source, commit=job.commit),
        config=trial.config.as_dict(),
    )
    StudyDirectory(job.directory).write_record(record, traceback=traceback)
    return record
