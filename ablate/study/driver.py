"""Makes a study's results be there: one driver holds a study, trains what is missing, and sums it up."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ablate.study.costs import is_damaged, measure
from ablate.study.identities import checked
from ablate.study.missing import missing_trials, next_batch, sources_of, without_diagnostics
from ablate.study.planned import plan, seen
from ablate.study.saved import save_summary

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ablate.analyze.summary import Summary
    from ablate.execute.engines import Engine
    from ablate.plan import Trial
    from ablate.store import StudyDirectory
    from ablate.study.missing import Stale
    from ablate.study.observer import Observer
    from ablate.study.planned import Plan


def run(
    words: Sequence[str], *, observer: Observer, stale: Stale = "keep", cwd: Path | None = None
) -> tuple[Summary, Path]:
    """Makes a study's results be there: trains what is missing, then summarises.

    Args:
        words: As in `plan`.
        observer: Who is told how it goes.
        stale: What to do with trials whose code has changed since: `keep` them and say so, or `rerun` them.
        cwd: As in `plan`.

    Returns:
        The summary, and the study's directory.

    Raises:
        AblateError: the request was wrong, and nothing was written; or the disk filled up while it ran.
        KeyboardInterrupt: Ctrl-C; finished trials stay, and the same call goes on.
    """
    from ablate.analyze.claims.claim import check_replicates
    from ablate.execute import tasks
    from ablate.execute.engines import engine as make_engine
    from ablate.store import IDENTITIES, Lock, StudyDirectory

    planned = plan(words, cwd=cwd)
    engine = make_engine(planned.spec.settings["engine"])
    directory, lock = StudyDirectory(planned.directory), Lock(planned.directory)
    is_new = not directory.path.exists()
    with ExitStack() as at_the_end:
        at_the_end.callback(lock.release)
        at_the_end.callback(engine.close)
        if is_new:
            directory.check_writable()
        else:
            lock.acquire()
            if (directory.read("study.yaml"), directory.digest()) != (planned.frozen, planned.contents.digest):
                planned = plan(words, cwd=cwd)  # another driver has finished between the first look and the lock
        _tell(planned, observer)
        missing = missing_trials(planned, stale, observer)
        if said := without_diagnostics(planned, missing):
            observer.told(said)
        if missing:
            check_replicates(planned.spec, seen=seen(planned.contents))
        identities = checked(planned, engine)
        if trains := bool(next_batch(planned, missing, lambda: planned.contents.records)):
            engine.call(tasks.examine, planned.spec, planned.layout.points, planned.configs)
        if is_new:
            lock.acquire()
            if directory.exists:  # another driver has frozen it since: what is missing, and whether it fits, is anew
                lock.release()
                engine.close()
                return run(words, observer=observer, stale=stale, cwd=cwd)
        directory.set_aside(planned.contents.unreadable)
        _freeze(directory, planned)
        if identities is not None:
            directory.write(IDENTITIES, identities.encode())
        if trains or is_damaged(directory, planned):
            measure(engine, directory, planned, observer, again=stale == "rerun")
        observer.started(planned, len(planned.trials) - len(missing))
        tried: set[str] = set()
        while batch := next_batch(
            planned, [t for t in missing if t.id not in tried], lambda: directory.contents().records
        ):
            _train(engine, planned, batch, observer)
            tried |= {t.id for t in batch}
        return save_summary(planned), directory.path


def _tell(planned: Plan, observer: Observer) -> None:
    for note in planned.notes:
        observer.told(note)
    for trial_id, reason in planned.contents.unreadable.items():
        observer.told(f"trials/{trial_id}/record.json cannot be counted ({reason}): set aside and trained again.")


def _freeze(directory: StudyDirectory, planned: Plan) -> None:
    from ablate.store import Frozen

    now = datetime.now(UTC).isoformat("T", "seconds")
    if not directory.exists:
        directory.freeze(Frozen(spec=planned.spec, history=(f"{now}: frozen, before the first trial",)))
    elif planned.added:
        before = directory.frozen()
        line = f"{now}: added {', '.join(planned.added)}, after {planned.finished} trials"
        looked, after = before.looked, seen(planned.contents)
        repooled = planned.spec.pool_above != before.spec.pool_above
        if planned.finished and planned.spec.replicates > before.spec.replicates:
            looked = (*looked, before.spec.replicates)
        directory.freeze(
            Frozen(
                spec=planned.spec,
                history=(*before.history, line),
                looked=looked,
                pooled_after=after if repooled else before.pooled_after,
            )
        )


def _train(engine: Engine, planned: Plan, missing: Sequence[Trial], observer: Observer) -> None:
    from ablate.execute import tasks
    from ablate.execute.train.job import Job
    from ablate.execute.train.provenance import commit

    if not missing:
        return
    sources, head = sources_of(planned), commit(Path.cwd())
    made = engine.call(tasks.schedule, planned.trials, missing, workers=engine.workers, threads=engine.threads).of(
        missing
    )
    jobs = [
        Job(bundle=b, directory=planned.directory, sources=tuple(sources[t.id] for t in b.trials), commit=head)
        for b in made.bundles
    ]
    for note in made.notes:
        observer.told(note)
    observer.scheduled(made.seconds)
    results = engine.run(jobs, workers=made.workers, threads=made.threads)
    try:
        for records in results:
            for record in records:
                observer.finished(record)
    finally:
        close: Callable[[], None] | None = getattr(results, "close", None)
        if close is not None:
            close()
