"""The driver of a study: locks its directory, trains what is missing, and summarises."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ablate.errors import begun
from ablate.study.costs import is_incomplete, measure
from ablate.study.damage import set_damaged_aside
from ablate.study.identities import evaluate_identities
from ablate.study.logged_summary import log_summary
from ablate.study.missing_trials import (
    check_detachable,
    check_limits,
    kept_sources,
    lacking_diagnostics_message,
    lacking_lesions_message,
    missing_trials,
    next_batch,
    unlogged_message,
)
from ablate.study.networks import examine_networks
from ablate.study.observer import Muted
from ablate.study.study_plan import count_results, plan
from ablate.study.study_summary import save_summary
from ablate.study.training import submit_missing, train_missing
from ablate.study.tuning import tune, without_stale_choices
from ablate.study.weights import unweighted_message

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from ablate.analysis.summary import Summary
    from ablate.execute.engines import Engine
    from ablate.plan import Trial
    from ablate.store import StudyDirectory
    from ablate.study.logged_summary import Renderer
    from ablate.study.missing_trials import Retried, Stale
    from ablate.study.observer import Observer
    from ablate.study.study_plan import Plan


def run(
    words: Sequence[str],
    *,
    observer: Observer,
    stale: Stale | None = None,
    retry: Sequence[Retried] = (),
    detach: bool = False,
    cwd: Path | None = None,
    conf: Path | None = None,
    request: Sequence[str] | None = None,
    render: Renderer | None = None,
) -> tuple[Summary, Path]:
    """Trains what is missing of a study, then summarises.

    Args:
        words: As in `plan`.
        observer: Is called while it runs.
        stale: What to do with trials whose code has changed since: `keep` and pool them, or `rerun` them, with those
            that lack weights or a run of the logger asked for. None: refuse to train others beside them.
        retry: States of which trials are trained again, beside those that failed.
        detach: Whether to submit the missing trials and return. The same call without `detach` waits for them and
            collects them. A study with looks is submitted up to the next look.
        cwd: As in `plan`.
        conf: As in `plan`.
        request: As in `plan`.
        render: Makes what the study's logger gets of the summary; None: it gets none.

    Returns:
        The summary, and the study's directory. With `detach`, the summary has the trials that had finished before.

    Raises:
        AblateError: the request was wrong, and nothing was trained or written; or, where its `has_begun` says so, the
            study could not go on: the disk is full, or no process can be started.
        KeyboardInterrupt: Ctrl-C; finished trials stay, and the same call goes on.
    """
    from ablate.analysis.claims.claim import check_replicates
    from ablate.execute.engines import engine as make_engine
    from ablate.store import IDENTITIES, Lock, StudyDirectory

    planned = plan(words, cwd=cwd, conf=conf, request=request)
    engine = make_engine(planned.spec.settings.get("engine"))
    engine.on_message, engine.may_use_gpus = observer.on_message, planned.may_use_gpus
    _check_engine(engine, planned, detach=detach)
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
                # Another driver has written to it before this one held the lock.
                planned = plan(words, cwd=cwd, conf=conf, request=request)
        _report_notes(planned, observer)
        if stale == "rerun":
            planned = without_stale_choices(planned)
        missing = missing_trials(planned, stale, observer, retry=retry)
        _report_lacking(planned, missing, observer)
        if missing:
            check_replicates(planned.spec, seen=count_results(planned.contents))
        if will_train := bool(next_batch(planned, missing, lambda: planned.contents.records)):
            observer.on_preparation(planned)
            examine_networks(planned, engine)
        identities = evaluate_identities(planned, engine)
        if is_new:
            lock.acquire()
            if directory.exists:  # another driver has frozen it since: all that was read of it is out of date
                lock.release()
                engine.close()
                return run(
                    words,
                    observer=observer,
                    stale=stale,
                    retry=retry,
                    detach=detach,
                    cwd=cwd,
                    conf=conf,
                    request=request,
                    render=render,
                )
        damaged = set_damaged_aside(directory, observer)
        directory.set_aside(planned.contents.unreadable)
        _freeze(directory, planned, will_train=will_train)
        at_the_end.enter_context(begun())  # from here on, something has been written
        directory.sweep()
        if identities is not None:
            directory.write(IDENTITIES, identities.encode())
        if planned.tuned is not None and planned.tuned.pending:
            tune(engine, planned, observer, stale=stale, retry=retry)
            planned = plan(
                words, cwd=cwd, conf=conf, request=request
            )  # the ids of its trials follow from what was chosen
            missing = missing_trials(planned, stale, Muted(), retry=retry)
        _measure_networks(engine, planned, damaged, observer, will_train=will_train, again=stale == "rerun")
        _train(engine, planned, missing, observer, detach=detach)
        return _summarised(engine, planned, observer, render=None if detach else render), directory.path


def _check_engine(engine: Engine, planned: Plan, *, detach: bool) -> None:
    check_limits(engine, planned)
    if detach:
        check_detachable(engine, planned)


def _train(engine: Engine, planned: Plan, missing: Sequence[Trial], observer: Observer, *, detach: bool) -> None:
    """Trains the missing trials, or submits them."""
    from ablate.store import StudyDirectory

    if detach:
        submit_missing(engine, planned, missing, observer)
    else:
        observer.on_start(planned, len(planned.trials) - len(missing))
        tried = train_missing(engine, planned, missing, observer, budget_h=engine.budget_h)
        StudyDirectory(planned.directory).sweep(tried)


def _measure_networks(
    engine: Engine, planned: Plan, damaged: Collection[str], observer: Observer, *, will_train: bool, again: bool
) -> None:
    """Writes how the design points' networks start and what they cost, where that is not on disk or may not hold."""
    from ablate.execute import tasks
    from ablate.store import StudyDirectory
    from ablate.store.costs import COSTS
    from ablate.store.starts import STARTS, write_starts

    directory = StudyDirectory(planned.directory)
    if will_train or STARTS in damaged:
        write_starts(directory, engine.call(tasks.starts, planned.spec, planned.layout.points, planned.configs))
    if will_train or COSTS in damaged or is_incomplete(directory, planned):
        measure(engine, directory, planned, observer, again=again)


def _report_notes(planned: Plan, observer: Observer) -> None:
    for note in planned.notes:
        observer.on_message(note)
    for trial_id, reason in planned.contents.unreadable.items():
        observer.on_message(f"trials/{trial_id}/record.json cannot be counted ({reason}): set aside and trained again.")


def _report_lacking(planned: Plan, missing: Sequence[Trial], observer: Observer) -> None:
    for lacking in (lacking_diagnostics_message, lacking_lesions_message, unweighted_message, unlogged_message):
        if (message := lacking(planned, missing)) is not None:
            observer.on_message(message)


def _summarised(engine: Engine, planned: Plan, observer: Observer, *, render: Renderer | None) -> Summary:
    """The summary, written into the study's directory, and into its logger if it is rendered."""
    summary = save_summary(planned)
    if render is not None:
        log_summary(engine, planned, summary, render, observer)
    return summary


def _freeze(directory: StudyDirectory, planned: Plan, *, will_train: bool) -> None:
    from ablate.store import Frozen

    now = datetime.now(UTC).isoformat("T", "seconds")
    found = count_results(planned.contents)
    if not directory.exists:
        when = f"after {found} trials, of which there was no study.yaml" if found else "before the first trial"
        pooled = found if planned.spec.pool_above is not None else 0
        directory.freeze(Frozen(spec=planned.spec, history=(f"{now}: frozen, {when}",), pooled_after=pooled))
        return
    before = directory.frozen()
    kept = kept_sources(planned, before.kept) if will_train else before.kept
    if kept != before.kept:
        before = replace(before, kept=kept)
        directory.freeze(before)
    if planned.added:
        line = f"{now}: added {', '.join(planned.added)}, after {planned.finished} trials"
        looked = before.looked
        repooled = planned.spec.pool_above != before.spec.pool_above
        if planned.finished and planned.spec.replicates > before.spec.replicates:
            looked = (*looked, before.spec.replicates)
        directory.freeze(
            Frozen(
                spec=planned.spec,
                history=(*before.history, line),
                looked=looked,
                pooled_after=found if repooled else before.pooled_after,
                kept=kept,
            )
        )
