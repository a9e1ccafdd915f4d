"""The trials of a plan that are to be trained: planned minus finished, so that a run resumes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ablate.errors import ConfigError
from ablate.study.weights import unweighted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from ablate.execute.engines import Engine
    from ablate.plan import Trial
    from ablate.store import Record
    from ablate.study.observer import Observer
    from ablate.study.study_plan import Plan

Stale = Literal["keep", "rerun"]
"""What to do with trials whose code has changed since they trained."""

Retried = Literal["timed_out"]
"""States that are trained again where that is asked for. Failed trials always are."""


def missing_trials(
    planned: Plan, stale: Stale | None, observer: Observer, *, retry: Sequence[Retried] = ()
) -> tuple[Trial, ...]:
    """Planned trials without a record, failed ones, and, if asked for, those timed out or trained with other code.

    Trials that lack weights or a run of the logger that are asked for are among those of `stale="rerun"`, too.

    The observer gets messages on the numbers of trials whose code has changed and of those that ran out of time.

    Raises:
        ConfigError: `stale` is None, and trials of older code would be pooled with others that are to be trained.
    """
    records = planned.contents.records
    states = ("failed", *retry)
    if "timed_out" not in retry and (count := sum(r.state == "timed_out" for r in planned.records)):
        observer.on_message(
            f"{count} of {len(planned.trials)} trials ran out of time and are not trained again; --retry timed_out "
            "trains them again."
        )
    older = stale_sources(planned)
    again = {*older, *unweighted(planned), *unlogged(planned)} if stale == "rerun" else ()
    missing = tuple(t for t in planned.trials if t.id not in records or records[t.id].state in states or t.id in again)
    if not older:
        return missing
    if stale is None and next_batch(planned, missing, lambda: records):
        raise ConfigError(
            f"{_changed(planned, older)}, and {len(missing)} would be trained by the code as it is now. Both are not "
            f"pooled by default. Add --stale rerun to train the {len(older)} again, or --stale keep to pool them: "
            "every table then says so."
        )
    what = "they are trained again" if stale == "rerun" else "they are kept; --stale rerun trains them again"
    observer.on_message(f"{_changed(planned, older)}: {what}.")
    return missing


def stale_note(planned: Plan) -> str | None:
    """What `ablate run` would ask, of trials whose code has changed since; None where there are none."""
    older = stale_sources(planned)
    if not older:
        return None
    is_whole = len(planned.trials) == planned.finished
    asks = "keeps them" if is_whole else "is refused without --stale keep, which pools them with the others,"
    return f"{_changed(planned, older)}. 'ablate run' {asks} or --stale rerun, which trains them again."


def stale_sources(planned: Plan) -> dict[str, str]:
    """Each planned trial that has a result of other code than is there now → the digest of that code."""
    records, sources = planned.contents.records, sources_of(planned)
    found = ((t.id, records[t.id]) for t in planned.trials if t.id in records)
    return {
        trial_id: record.provenance.source
        for trial_id, record in found
        if record.state != "failed" and record.provenance and record.provenance.source != sources[trial_id]
    }


def kept_sources(planned: Plan, before: Collection[str]) -> tuple[str, ...]:
    """The digests of older code, of which trials are kept beside those that are trained now: `Frozen.kept`."""
    older = stale_sources(planned)
    if not before and not older:
        return ()
    there = {r.provenance.source for r in planned.contents.records.values() if r.provenance}
    now = set(sources_of(planned).values())
    return tuple(sorted(({*before, *older.values()} & there) - now))


def _changed(planned: Plan, older: Collection[str]) -> str:
    what = "code or the data files" if any(config.data.is_located for config in planned.configs) else "code"
    return f"The {what} of {len(older)} of {len(planned.trials)} trials has changed since they trained"


def check_limits(engine: Engine, planned: Plan) -> None:
    """Checks that the engine can end a trial that exceeds its limit of time or memory.

    Raises:
        ConfigError: it cannot.
    """
    for key in ("timeout_min", "memory_gb"):
        limits = [limit for config in planned.configs if (limit := getattr(config.trainer.settings, key)) is not None]
        if limits and not engine.ends_trials:
            raise ConfigError(
                f"trainer.{key}={max(limits):g} cannot be kept: engine={engine.name} trains in a process that it "
                f"cannot end. engine=local can; or take the limit out: trainer.{key}=null."
            )


def check_detachable(engine: Engine, planned: Plan) -> None:
    """Checks that the missing trials can be submitted at once, by jobs that run on without this process.

    Raises:
        ConfigError: they cannot.
    """
    if not engine.detaches:
        engine.submit(())  # raises the error that names the engine
    if engine.budget_h is not None:
        raise ConfigError("--detach ends this command, and engine.budget_h is counted by it. Leave out one of the two.")
    if planned.tuned is not None and planned.tuned.pending:
        raise ConfigError(
            "--detach cannot submit a study whose settings are not chosen yet (study.tune): each training depends on "
            "the results of earlier ones. Leave out --detach until the settings are chosen."
        )


def lacking_diagnostics_message(planned: Plan, missing: Sequence[Trial]) -> str | None:
    """A message where trials are kept that lack the diagnostics asked for now; None where there are none."""
    trained = {trial.id for trial in missing}
    kept = [t for t in planned.trials if t.id in planned.contents.records and t.id not in trained]
    found = (planned.contents.records[t.id] for t in kept if t.config.trainer.settings.diagnostics)
    # The record's configuration says whether it was measured: some modules have nothing that can be.
    lacking = sum(not r.diagnostics and not r.config.get("trainer", {}).get("diagnostics", False) for r in found)
    if not lacking:
        return None
    return (
        f"{lacking} of {len(planned.trials)} trials that are there have no diagnostics, and trainer.diagnostics makes "
        "no other trial of them: they are kept. results_dir=… of another name trains them again, with diagnostics."
    )


def unlogged(planned: Plan) -> frozenset[str]:
    """Trials with a result that have no run in the logger asked for: they were trained with another one, or none."""
    loggers = {t.id: t.config.logger.get("_target_") for t in planned.trials if t.config.logger.mapping}
    if not loggers:
        return frozenset()
    found = (r for r in planned.records if r.is_result and r.id in loggers)
    return frozenset(r.id for r in found if (r.config.get("logger") or {}).get("_target_") != loggers[r.id])


def unlogged_message(planned: Plan, missing: Sequence[Trial]) -> str | None:
    """A message where trials are kept that have no run in the logger asked for; None: there are none."""
    if not (lacking := unlogged(planned) - {trial.id for trial in missing}):
        return None
    return (
        f"{len(lacking)} of {len(planned.trials)} trials that are there were trained without this logger, and have no "
        "run in it: they are kept. --stale rerun trains them again, with it."
    )


def lacking_lesions_message(planned: Plan, missing: Sequence[Trial]) -> str | None:
    """A message where trials are kept that lack lesions which are asked for now; None where there are none."""
    if (lesions := planned.lesions) is None:
        return None
    trained = {trial.id for trial in missing}
    full = [r for r in planned.records if r.id not in trained and r.levels == lesions.levels and r.state == "complete"]
    lacking = sum(not r.unlesioned and not lesions.arms.keys() <= r.lesions.keys() for r in full)
    if not lacking:
        return None
    return (
        f"{lacking} of {len(full)} full networks that are there were trained without some lesions that study.lesion "
        "asks for, and have none of these: they are kept. results_dir=… of another name trains them again, with all."
    )


def next_batch(planned: Plan, missing: Sequence[Trial], records: Callable[[], Mapping[str, Record]]) -> Sequence[Trial]:
    """Of the missing trials, those to train now: all of them, or in a group-sequential plan, up to the next look.

    Args:
        planned: The study.
        missing: Its trials without a result.
        records: Reads the records: called for a group-sequential plan only, since it takes long in a large study.
    """
    if planned.spec.looks is None or not missing:
        return missing
    from ablate.analysis.claims.judgement import due

    points = planned.layout.points
    found = records()
    n, rows = due(planned.spec, points, [found[t.id] for t in planned.trials if t.id in found])
    wanted = {tuple(points[row].levels.items()) for row in rows}
    return [t for t in missing if t.replicate < n and tuple(t.point.levels.items()) in wanted]


def sources_of(planned: Plan) -> Mapping[str, str]:
    """Trial id → digest of its code."""
    from ablate.execute.process.import_path import user_modules_last
    from ablate.execute.train.provenance import source_digests

    with user_modules_last():
        digests = source_digests(trial.config for trial in planned.trials)
    return {trial.id: digest for trial, digest in zip(planned.trials, digests, strict=True)}
