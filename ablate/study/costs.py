"""What the networks of a plan cost to run: finds those that are not measured yet, and measures them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ablate.config.trial import TrialConfig
    from ablate.design import DesignPoint
    from ablate.execute.engines import Engine
    from ablate.store import StudyDirectory
    from ablate.store.costs import PointCost
    from ablate.study.observer import Observer
    from ablate.study.study_plan import Plan

ANNOUNCED_POINTS = 64
"""Number of design points from which a message says first that they are measured: it may take long."""


def unmeasured(planned: Plan, costs: Sequence[PointCost]) -> tuple[list[DesignPoint], list[TrialConfig]]:
    """The design points that have none of these costs, and their configurations."""
    from ablate.store.costs import cost_lookup

    cost_of = cost_lookup(costs)
    pairs = zip(planned.layout.points, planned.configs, strict=True)
    lacking = [(point, config) for point, config in pairs if cost_of(point.levels) is None]
    return [point for point, _ in lacking], [config for _, config in lacking]


def is_incomplete(directory: StudyDirectory, planned: Plan) -> bool:
    """Whether costs.json is on disk, but lacks design points: the time budget ended first, or the file is damaged."""
    from ablate.store.costs import COSTS, read_costs

    return directory.read(COSTS) is not None and bool(unmeasured(planned, read_costs(directory))[0])


def measure(engine: Engine, directory: StudyDirectory, planned: Plan, observer: Observer, *, again: bool) -> None:
    """Measures what is not on disk yet, before any training: nothing else runs then.

    Args:
        engine: Where it is measured.
        directory: Where the costs are kept.
        planned: Its design points are measured, as far as the time budget goes.
        observer: Gets a message where it may take long.
        again: Whether the code has changed since the costs on disk were measured. They are dropped then, even if the
            time budget ends before all are measured again.

    Raises:
        StoreError: the costs cannot be written.
        EngineError: as `Engine.call`.
    """
    from ablate.execute import tasks
    from ablate.plan.cost import measured_names
    from ablate.store.costs import read_costs, write_costs

    known = () if again else read_costs(directory)
    points, configs = unmeasured(planned, known)
    if not points:
        return
    if len(points) >= ANNOUNCED_POINTS:
        observer.on_message(
            f"Measuring the {measured_names()} of {len(points)} design points first: "
            f"about {tasks.RUN_COST_BUDGET_S:g} s at most."
        )
    found = engine.call(tasks.measure, points, configs)
    write_costs(directory, (*known, *found))
