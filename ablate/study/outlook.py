"""What a plan would cost and could tell, before anything is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ablate.study.costs import unmeasured

if TYPE_CHECKING:
    from ablate.execute.examine import Size
    from ablate.store.costs import Cost
    from ablate.study.planned import Plan


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What a plan would cost, and what it could tell. `seconds`: for what is missing; None where nobody can know."""

    sizes: tuple[Size, ...]
    costs: tuple[Cost | None, ...]
    """As they are on disk; the other design points are measured now. None: the time for it was over."""
    timed_on: tuple[str, ...]
    bundles: int
    seconds: float | None
    can: tuple[str, ...]
    cannot: tuple[str, ...]
    claims: tuple[str, ...]
    notes: tuple[str, ...] = ()


def examine(planned: Plan) -> Outlook:
    """Builds every design point's network, times a few steps of it, and trains nothing (imports torch).

    Raises:
        AblateError: a network that does not build, two that are the same, missing data, a response never logged.
    """
    from ablate.design import estimable
    from ablate.execute.cost import measure
    from ablate.execute.engines import engine
    from ablate.execute.estimate import seconds_per_trial
    from ablate.execute.examine import examine as look
    from ablate.plan import bundles
    from ablate.store import StudyDirectory
    from ablate.store.costs import priced, read_costs

    if planned.spec.identities:
        from ablate.execute.identities import check_identities

        check_identities(planned.spec)
    if not planned.layout.points:
        return Outlook(sizes=(), costs=(), timed_on=(), bundles=0, seconds=0.0, can=(), cannot=(), claims=())
    workers = engine(planned.spec.settings["engine"]).workers
    sizes = look(planned.spec, planned.layout.points, planned.configs)
    there = read_costs(StudyDirectory(planned.directory))
    costs = (*there, *measure(*unmeasured(planned, there)))
    cost_of = priced(costs)
    missing = len(planned.trials) - planned.finished
    each = seconds_per_trial(planned.spec, planned.configs) if missing else 0.0
    from ablate.analyze.capacity import capacity_notes
    from ablate.analyze.foresight import foresee
    from ablate.analyze.origin import timed_on

    is_baseline = [p.is_baseline(planned.spec.factors) for p in planned.layout.points]
    can, cannot = estimable(planned.spec)
    return Outlook(
        sizes=sizes,
        costs=tuple(cost_of(p.levels) for p in planned.layout.points),
        timed_on=timed_on(costs),
        bundles=len(bundles(planned.trials[:missing])),
        seconds=None if each is None else each * missing / min(workers, max(missing, 1)),
        can=can,
        cannot=cannot,
        claims=foresee(planned.spec, planned.layout.points, planned.records),
        notes=capacity_notes(
            planned.spec.capacity,
            [size.parameters for size in sizes],
            baseline=next((s.parameters for s, here in zip(sizes, is_baseline, strict=True) if here), None),
        ),
    )
