"""Trains the missing trials of a plan, batch by batch, on an engine."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ablate.config.diagnostic import SECONDS
from ablate.study.missing_trials import next_batch, sources_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ablate.execute.engines import Engine
    from ablate.execute.train.job import Job
    from ablate.plan import Bundle, Schedule, Trial
    from ablate.store import Record
    from ablate.store.progress import Progress
    from ablate.study.observer import Observer
    from ablate.study.study_plan import Plan

TIMED_ALONE = (
    f"The response is {SECONDS}: one training at a time, as those beside it would change its time. "
    "engine.workers=2 trains two."
)


def train_missing(
    engine: Engine, planned: Plan, missing: Sequence[Trial], observer: Observer, *, budget_h: float | None = None
) -> set[str]:
    """Trains batch after batch until nothing is missing, or looks or a budget end it; returns the trials' ids.

    Args:
        engine: Where they train.
        planned: The study.
        missing: Its trials without a result.
        observer: Is called while they train.
        budget_h: `engine.budget_h`. A replicate begins if what is left is enough for it; then it is finished. What
            trainings take is estimated again and again.
    """
    from ablate.store import StudyDirectory
    from ablate.store.scheduled import discard_scheduled

    tried: set[str] = set()
    directory = StudyDirectory(planned.directory)

    def batch_of() -> Sequence[Trial]:
        left = [trial for trial in missing if trial.id not in tried]
        return next_batch(planned, left, lambda: directory.contents().records)

    try:
        while batch := batch_of():
            if budget_h is not None:
                batch, message = _within_budget(engine, planned, batch, directory.contents().records, budget_h)
                if not batch:
                    observer.on_budget_spent(message)
                    break
            _train(engine, planned, batch, observer)
            tried.update(t.id for t in batch)
    finally:
        discard_scheduled(directory)
    return tried


def _within_budget(
    engine: Engine, planned: Plan, missing: Sequence[Trial], records: Mapping[str, Record], budget_h: float
) -> tuple[Sequence[Trial], str]:
    """The missing trials to train next that a budget is enough for, and the message for the user if there are none.

    A trial is expected to take the mean time of the complete ones of its design point; before there are any, that of
    the study; before there are any, what the planner expects.
    """
    from statistics import fmean

    from ablate.plan.budget import affordable, occupancy, spent_message, until_next_estimate

    schedule = make_schedule(engine, planned, missing)
    occupied = occupancy(schedule, gpus_per_worker=engine.gpus_per_worker)
    seconds: defaultdict[object, list[float]] = defaultdict(list)
    spent_h = 0.0
    for trial in planned.trials:
        if (record := records.get(trial.id)) is None:
            continue
        spent_h += occupied.hours(record.seconds)
        if record.state == "complete":
            seconds[tuple(sorted(trial.point.levels.items()))].append(record.seconds)
    expected = None if schedule.seconds is None else schedule.seconds * schedule.workers / len(missing)
    usual = fmean([each for found in seconds.values() for each in found]) if seconds else expected

    def cost_h(trial: Trial) -> float | None:
        found = seconds.get(tuple(sorted(trial.point.levels.items())))
        each = fmean(found) if found else usual
        return None if each is None else occupied.hours(each)

    batch, next_h = affordable(missing, budget_h - spent_h, cost_h)
    message = spent_message(
        missing,
        planned=len(planned.trials),
        budget_h=budget_h,
        spent_h=spent_h,
        next_h=next_h,
        unit=occupied.unit,
    )
    return until_next_estimate(batch, workers=schedule.workers, is_measured=bool(seconds)), message


def submit_missing(engine: Engine, planned: Plan, missing: Sequence[Trial], observer: Observer) -> None:
    """Submits the missing trials up to the study's next look, and does not wait for them."""
    from ablate.store import StudyDirectory

    directory = StudyDirectory(planned.directory)
    batch = next_batch(planned, missing, lambda: directory.contents().records)
    if not batch:
        observer.on_message("Nothing is missing: nothing was submitted.")
        return
    schedule, jobs = _jobs(engine, planned, batch)
    for note in schedule.notes:
        observer.on_message(note)
    observer.on_message(engine.submit(jobs, workers=schedule.workers, threads=schedule.threads))
    if left := len(missing) - len(batch):
        observer.on_message(
            f"{left} more trials may follow after the study's next look. Run the same command then to submit them."
        )


def make_schedule(engine: Engine, planned: Plan, missing: Sequence[Trial]) -> Schedule:
    """How the engine would train the missing trials of a plan.

    Raises:
        AblateError: as `ablate.execute.tasks.schedule`.
    """
    from ablate.execute import tasks
    from ablate.plan.packed_trials import PackedTrials

    packed = PackedTrials.of(planned.trials)
    alone = planned.spec.response.name == SECONDS and not engine.workers_are_fixed
    numbered = engine.call(
        tasks.schedule,
        packed,
        packed if len(missing) == len(planned.trials) else PackedTrials.of(missing),
        workers=1 if alone else engine.workers,
        threads=engine.threads,
        fixed=alone or engine.workers_are_fixed,
        pins=engine.pins_workers,
        cluster=engine.cluster,
    )
    schedule = numbered.with_trials(missing)
    if alone:
        schedule = replace(schedule, notes=(TIMED_ALONE, *schedule.notes))
    if engine.checkpoint_min is None:
        return schedule
    return replace(schedule, bundles=with_stacks_under_way(schedule.bundles, planned.directory))


def _train(engine: Engine, planned: Plan, batch: Sequence[Trial], observer: Observer) -> None:
    """Schedules a batch of trials and trains them; their records are on disk when the observer gets them."""
    schedule, jobs = _jobs(engine, planned, batch)
    for note in schedule.notes:
        observer.on_message(note)
    observer.on_schedule(schedule)
    placed = {"places": schedule.places} if engine.pins_workers else {}
    results = engine.run(jobs, workers=schedule.workers, threads=schedule.threads, **placed)
    try:
        for records in results:
            for record in records:
                observer.on_trial(record)
    finally:
        close: Callable[[], None] | None = getattr(results, "close", None)
        if close is not None:
            close()


def with_stacks_under_way(bundles: Sequence[Bundle], directory: Path) -> tuple[Bundle, ...]:
    """The bundles, with the stacks that have a checkpoint first: each of the trials that it was made of."""
    from ablate.plan import Bundle

    trials = {trial.id: trial for bundle in bundles for trial in bundle.trials}
    stacks: list[Bundle] = []
    for progress in under_way(trials, directory):
        if progress.stacked and all(trial_id in trials for trial_id in progress.trials):
            members = tuple(trials.pop(trial_id) for trial_id in progress.trials)
            stacks.append(Bundle(trials=members, stacked=True, conv_as_matmul=progress.conv_as_matmul))
    others = (replace(b, trials=tuple(t for t in b.trials if t.id in trials)) for b in bundles)
    return (*stacks, *(bundle for bundle in others if bundle.trials))


def under_way(trial_ids: Iterable[str], directory: Path) -> list[Progress]:
    """The checkpoints in the folders of some trials."""
    from ablate.store import StudyDirectory
    from ablate.store.progress import progress_in

    study = StudyDirectory(directory)
    found = [progress_in(study.trial(trial_id)) for trial_id in trial_ids]
    return [progress for progress in found if progress is not None]


def budget_note(engine: Engine, schedule: Schedule) -> str | None:
    """Says that a budget may end the study, and in which unit it counts; None: there is no budget."""
    from ablate.plan.budget import occupancy

    if engine.budget_h is None:
        return None
    occupied = occupancy(schedule, gpus_per_worker=engine.gpus_per_worker)
    note = f"The study ends after {engine.budget_h:g} {occupied.unit} (engine.budget_h), with whole replicates."
    if schedule.seconds is None:
        return note
    most_h = occupied.hours(schedule.seconds * schedule.workers)  # as if all workers were busy to the end
    return f"{note} What is missing takes at most about {most_h:.2g}."


def memory_note(planned: Plan) -> str | None:
    """That a training that takes too much memory is ended, and how much that is; None: there is no limit."""
    limits = sorted({gb for config in planned.configs if (gb := config.trainer.settings.memory_gb) is not None})
    if not limits:
        return None
    return (
        f"A training may take {' or '.join(f'{gb:g}' for gb in limits)} GB of main memory (trainer.memory_gb). One "
        "that takes more is ended and counts as failed; the others go on."
    )


def checkpoint_note(engine: Engine, planned: Plan, missing: Sequence[Trial]) -> str | None:
    """Says how often checkpoints are written, and how many trials go on from one; None: none are written."""
    if engine.checkpoint_min is None:
        return None
    note = f"Each training writes a checkpoint every {engine.checkpoint_min:g} min (engine.checkpoint_min)."
    going_on = {trial_id for each in under_way([t.id for t in missing], planned.directory) for trial_id in each.trials}
    if not going_on:
        return note
    return f"{note} {len(going_on)} trials go on from the checkpoint that they have."


def _jobs(engine: Engine, planned: Plan, batch: Sequence[Trial]) -> tuple[Schedule, list[Job]]:
    """The schedule of a batch of trials, and its bundles as jobs."""
    from ablate.execute.train.job import Job
    from ablate.execute.train.provenance import commit
    from ablate.store import StudyDirectory, stated
    from ablate.store.scheduled import write_scheduled

    sources, head = sources_of(planned), commit(Path.cwd())
    schedule = make_schedule(engine, planned, batch)
    write_scheduled(
        StudyDirectory(planned.directory), schedule.bundles, workers=schedule.workers, seconds=schedule.seconds
    )
    claims = stated(planned.spec)
    return schedule, [
        Job(
            bundle=b,
            directory=planned.directory,
            sources=tuple(sources[t.id] for t in b.trials),
            commit=head,
            stated=claims,
            response=planned.spec.response.name,
            keeps_weights=planned.keeps_weights,
            lesions=planned.lesions,
            checkpoint_min=engine.checkpoint_min,
        )
        for b in schedule.bundles
    ]
