"""What a plan would cost and could detect, before anything is trained."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ablate.study.costs import unmeasured
from ablate.study.missing_trials import check_limits, stale_note
from ablate.study.networks import examine_networks
from ablate.study.training import budget_note, checkpoint_note, make_schedule, memory_note
from ablate.study.tuning import stages
from ablate.study.weights import weights_note

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ablate.execute.engines import Engine
    from ablate.plan import NetworkCost
    from ablate.plan.tuning import TuningOutlook
    from ablate.study.study_plan import Plan


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What a plan would cost, and what it could detect. `seconds`: for what is missing; None where it is unknown."""

    costs: tuple[NetworkCost, ...]
    """One for each design point: from disk, else measured now, as far as the time budget goes."""
    timed_on: tuple[str, ...]
    bundles: int
    stacked: int
    """Trials that train as one with others."""
    alone: Mapping[str, int]
    """Why the others do not → how many of them."""
    workers: int
    threads: int
    seconds: float | None
    can: tuple[str, ...]
    """What the design can estimate, a sentence each; `cannot`: what it cannot."""
    cannot: tuple[str, ...]
    claims: tuple[str, ...]
    notes: tuple[str, ...] = ()
    tuning: TuningOutlook | None = None
    """What tuning would cost; None: nothing is tuned."""
    gpus: int = 0
    """On which the workers train; 0: they train on the processor."""


def examine(planned: Plan) -> Outlook:
    """Builds every design point's network, times a few steps of it, and trains nothing.

    Raises:
        AblateError: a network that does not build, two that are the same, missing data, a response never logged.
    """
    from ablate.design import estimable
    from ablate.execute import tasks
    from ablate.execute.engines import engine as make_engine
    from ablate.plan.cost import joined
    from ablate.plan.lesions import lesions_note
    from ablate.store import StudyDirectory
    from ablate.store.costs import cost_lookup, read_costs

    with closing(make_engine(planned.spec.settings.get("engine"))) as engine:
        engine.may_use_gpus = planned.may_use_gpus
        check_limits(engine, planned)
        if planned.spec.identities:
            engine.call(tasks.check_identities, planned.spec)
        if not planned.layout.points:
            return Outlook(
                costs=(),
                timed_on=(),
                bundles=0,
                stacked=0,
                alone={},
                workers=0,
                threads=1,
                seconds=0.0,
                can=(),
                cannot=(),
                claims=(),
            )
        sizes = examine_networks(planned, engine)
        held = _held(engine, planned)
        known = read_costs(StudyDirectory(planned.directory))
        lacking = unmeasured(planned, known)
        measured = (*known, *engine.call(tasks.measure, *lacking, budget_s=tasks.PLAN_COST_BUDGET_S))
        done = {r.id for r in planned.records if r.state != "failed"}
        missing = [t for t in planned.trials if t.id not in done]
        schedule = make_schedule(engine, planned, missing)
        tuning, kept = _tuning(engine, planned), checkpoint_note(engine, planned, missing)
    cost_of = cost_lookup(measured)
    costs = tuple(
        joined([size, *filter(None, [cost_of(point.levels)])])
        for size, point in zip(sizes, planned.layout.points, strict=True)
    )
    from ablate.analysis.claims.foresight import foresee
    from ablate.analysis.notes.capacity import capacity_notes
    from ablate.analysis.notes.costs_without_example import costs_without_example
    from ablate.analysis.notes.origin import timed_on

    is_baseline = [p.is_baseline(planned.spec.factors) for p in planned.layout.points]
    can, cannot = estimable(planned.spec)
    return Outlook(
        costs=costs,
        timed_on=timed_on(measured),
        bundles=len(schedule.bundles),
        stacked=sum(len(b.trials) for b in schedule.bundles if b.stacked),
        alone=Counter(b.reason for b in schedule.bundles if not b.stacked),
        workers=min(schedule.workers, len(schedule.bundles)),
        threads=schedule.threads,
        gpus=schedule.gpus,
        seconds=schedule.seconds,
        can=can,
        cannot=cannot,
        claims=foresee(planned.spec, planned.layout.points, planned.records),
        tuning=tuning,
        notes=(
            *filter(None, [stale_note(planned), weights_note(planned, costs), kept]),
            *filter(None, [lesions_note(planned.lesions)]),
            *filter(None, [memory_note(planned), budget_note(engine, schedule)]),
            *held,
            *schedule.notes,
            *costs_without_example(planned.layout.points, measured),
            *capacity_notes(
                planned.spec.capacity,
                [cost.parameters for cost in costs],
                baseline=next((c.parameters for c, here in zip(costs, is_baseline, strict=True) if here), None),
            ),
        ),
    )


def _held(engine: Engine, planned: Plan) -> tuple[str, ...]:
    """Where examples are while they train, of data sets whose size decides."""
    from ablate.execute import tasks

    read = [config for config in planned.configs if config.data.is_read]
    return tuple(engine.call(tasks.held, read)) if read else ()


def _tuning(engine: Engine, planned: Plan) -> TuningOutlook | None:
    """What is tuned, and the time that the missing tuning trials would take, one rung after the other."""
    from ablate.plan.tuning import TuningOutlook

    if planned.tuned is None:
        return None
    tuned, seconds = planned.tuned, list[float | None]()
    every, missing = set[str](), set[str]()
    for stage in stages(planned):
        done = {record.id for record in stage.part.records if record.state != "failed"}
        left = [trial for trial in stage.part.trials if trial.id not in done]
        left = [trial for trial in left if trial.id not in missing]  # two rungs of as many epochs share theirs
        every |= {trial.id for trial in stage.part.trials}
        missing |= {trial.id for trial in left}
        if left:
            seconds.append(make_schedule(engine, stage.part, left).seconds)
    known = [each for each in seconds if each is not None]
    return TuningOutlook(
        settings=tuned.tuning.keys,
        metric=tuned.tuning.metric,
        seeds=tuned.tuning.seeds,
        shares=tuned.tuning.rungs,
        sizes=tuned.tuning.sizes,
        arms=len(tuned.arms),
        pending=len(tuned.pending),
        trials=len(every) + sum(choice.trials for choice in tuned.choices.values()),
        missing=len(missing),
        seconds=sum(known) if len(known) == len(seconds) else None,
    )
