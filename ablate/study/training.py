"""Trains the missing trials of a plan, batch by batch, on an engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ablate.study.missing_trials import next_batch, sources_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ablate.execute.engines import Engine
    from ablate.execute.train.job import Job
    from ablate.plan import Schedule, Trial
    from ablate.study.observer import Observer
    from ablate.study.study_plan import Plan


def train_missing(engine: Engine, planned: Plan, missing: Sequence[Trial], observer: Observer) -> set[str]:
    """Trains batch after batch until nothing is missing, or the study's looks end it; returns the trials' ids."""
    from ablate.store import StudyDirectory

    tried: set[str] = set()
    directory = StudyDirectory(planned.directory)
    while batch := next_batch(planned, [t for t in missing if t.id not in tried], lambda: directory.contents().records):
        _train(engine, planned, batch, observer)
        tried |= {t.id for t in batch}
    return tried


def submit_missing(engine: Engine, planned: Plan, missing: Sequence[Trial], observer: Observer) -> None:
    """Submits the missing trials up to the study's next look, and does not wait for them."""
    from ablate.store import StudyDirectory

    directory = StudyDirectory(planned.directory)
    batch = next_batch(planned, missing, lambda: directory.contents().records)
    if not batch:
        observer.on_message("Nothing is missing: nothing was submitted.")
        return
    made, jobs = _jobs(engine, planned, batch)
    for note in made.notes:
        observer.on_message(note)
    observer.on_message(engine.submit(jobs, workers=made.workers, threads=made.threads))
    if left := len(missing) - len(batch):
        observer.on_message(
            f"{left} more trials may follow after the study's next look. Run the same command then to submit them."
        )


def schedule(engine: Engine, planned: Plan, missing: Sequence[Trial]) -> Schedule:
    """How the engine would train the missing trials of a plan; its trials are copies.

    Raises:
        AblateError: as `ablate.execute.tasks.schedule`.
    """
    from ablate.execute import tasks

    return engine.call(
        tasks.schedule,
        planned.trials,
        missing,
        workers=engine.workers,
        threads=engine.threads,
        fixed=engine.workers_are_fixed,
        pins=engine.pins_workers,
    )


def _train(engine: Engine, planned: Plan, batch: Sequence[Trial], observer: Observer) -> None:
    """Schedules a batch of trials and trains them; their records are on disk when the observer gets them."""
    made, jobs = _jobs(engine, planned, batch)
    for note in made.notes:
        observer.on_message(note)
    observer.on_schedule(made.seconds)
    placed = {"places": made.places} if engine.pins_workers else {}
    results = engine.run(jobs, workers=made.workers, threads=made.threads, **placed)
    try:
        for records in results:
            for record in records:
                observer.on_trial(record)
    finally:
        close: Callable[[], None] | None = getattr(results, "close", None)
        if close is not None:
            close()


def _jobs(engine: Engine, planned: Plan, batch: Sequence[Trial]) -> tuple[Schedule, list[Job]]:
    """How the engine is to train a batch of trials."""
    from ablate.execute.train.job import Job
    from ablate.execute.train.provenance import commit
    from ablate.store import stated

    sources, head = sources_of(planned), commit(Path.cwd())
    made = schedule(engine, planned, batch).with_trials(batch)
    claims = stated(planned.spec)
    return made, [
        Job(
            bundle=b,
            directory=planned.directory,
            sources=tuple(sources[t.id] for t in b.trials),
            commit=head,
            stated=claims,
            keeps_weights=planned.keeps_weights,
        )
        for b in made.bundles
    ]
