"""Which trials of a plan there is to train: resume lives here, planned minus finished."""

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
    """Planned trials without a result: never trained, failed, or (if asked for) trained with other code."""
    records = planned.contents.records
    sources = sources_of(planned)
    old = {
        t.id for t in planned.trials
        if (r := records.get(t.id)) and r.state != "failed" and r.provenance and r.provenance.source != sources[t.id]
    }  # fmt: skip
    if old:
        what = "they are trained again" if stale == "rerun" else "they are kept; --stale rerun trains them again"
        observer.told(f"The code of {len(old)} of {len(planned.trials)} trials has changed since they trained: {what}.")
    again = old if stale == "rerun" else set[str]()
    return tuple(t for t in planned.trials if t.id not in records or records[t.id].state == "failed" or t.id in again)


def without_diagnostics(planned: Plan, missing: Sequence[Trial]) -> str | None:
    """Says that trials are kept which lack the diagnostics that are asked for now; None where there is none."""
    trained = {trial.id for trial in missing}
    kept = [t for t in planned.trials if t.id in planned.contents.records and t.id not in trained]
    found = [planned.contents.records[t.id] for t in kept if t.config.trainer.settings.diagnostics]
    # A record's own configuration says whether it was measured: there are modules of which nothing can be said.
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
        missing: Its trials that there is no result of.
        records: Reads those that there are: for a look only, since a large study's take their time.
    """
    if planned.spec.looks is None or not missing:
        return missing
    from ablate.analyze.claims.judgement import due

    points = planned.layout.points
    there = records()
    n, rows = due(planned.spec, points, [there[t.id] for t in planned.trials if t.id in there])
    wanted = {tuple(points[row].levels.items()) for row in rows}
    return [t for t in missing if t.replicate < n and tuple(t.point.levels.items()) in wanted]


def sources_of(planned: Plan) -> Mapping[str, str]:
    """Trial id → digest of its code."""
    from ablate.execute.train.provenance import own_modules_first, source_digests

    own_modules_first()
    digests = source_digests(trial.config for trial in planned.trials)
    return {trial.id: digest for trial, digest in zip(planned.trials, digests, strict=True)}
