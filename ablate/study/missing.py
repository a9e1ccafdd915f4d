"""The trials of a plan that are to be trained: planned minus finished, so that a run resumes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ablate.plan import Trial
    from ablate.store import Record
    from ablate.study.observer import Observer
    from ablate.study.planned import Plan

Stale = Literal["keep", "rerun"]
"""What to do with trials whose code has changed since they trained."""


def missing_trials(planned: Plan, stale: Stale, observer: Observer) -> tuple[Trial, ...]:
    """Planned trials without a result: never trained, failed, or (if asked for) trained with other code.

    The observer gets a message on the number of trials whose code has changed, if there are any.
    """
    records = planned.contents.records
    sources = sources_of(planned)
    stale_ids = {
        t.id for t in planned.trials
        if (r := records.get(t.id)) and r.state != "failed" and r.provenance and r.provenance.source != sources[t.id]
    }  # fmt: skip
    if stale_ids:
        what = "they are trained again" if stale == "rerun" else "they are kept; --stale rerun trains them again"
        observer.on_message(
            f"The code of {len(stale_ids)} of {len(planned.trials)} trials has changed since they trained: {what}."
        )
    again = stale_ids if stale == "rerun" else set[str]()
    return tuple(t for t in planned.trials if t.id not in records or records[t.id].state == "failed" or t.id in again)


def lacking_diagnostics_message(planned: Plan, missing: Sequence[Trial]) -> str | None:
    """A message where trials are kept that lack the diagnostics asked for now; None where there are none."""
    trained = {trial.id for trial in missing}
    kept = [t for t in planned.trials if t.id in planned.contents.records and t.id not in trained]
    found = [planned.contents.records[t.id] for t in kept if t.config.trainer.settings.diagnostics]
    # The record's configuration says whether it was measured: some modules have nothing that can be.
    lacking = sum(not r.diagnostics and not r.config.get("trainer", {}).get("diagnostics", False) for r in found)
    if not lacking:
        return None
    return (
        f"{lacking} of {len(planned.trials)} trials that are there have no diagnostics, and trainer.diagnostics makes "
        "no other trial of them: they are kept. results_dir=… of another name trains them again, with diagnostics."
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
    from ablate.analyze.claims.judgement import due

    points = planned.layout.points
    found = records()
    n, rows = due(planned.spec, points, [found[t.id] for t in planned.trials if t.id in found])
    wanted = {tuple(points[row].levels.items()) for row in rows}
    return [t for t in missing if t.replicate < n and tuple(t.point.levels.items()) in wanted]


def sources_of(planned: Plan) -> Mapping[str, str]:
    """Trial id → digest of its code."""
    from ablate.execute.process.import_path import user_modules_first
    from ablate.execute.train.provenance import source_digests

    with user_modules_first():
        digests = source_digests(trial.config for trial in planned.trials)
    return {trial.id: digest for trial, digest in zip(planned.trials, digests, strict=True)}
