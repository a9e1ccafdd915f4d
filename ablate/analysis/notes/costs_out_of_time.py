"""Design points whose networks were not measured, because the time budget was used up."""

from collections.abc import Sequence

from ablate.design.point import DesignPoint
from ablate.plan.cost import measured_names
from ablate.store.costs import PointCost, cost_lookup


def costs_out_of_time(points: Sequence[DesignPoint], costs: Sequence[PointCost]) -> tuple[str, ...]:
    """A note on their number; none where all were measured, or where a study has no costs at all."""
    cost_of = cost_lookup(costs)
    count = sum(cost_of(point.levels) is None for point in points)
    if not costs or not count:
        return ()
    return (
        f"Not measured: {measured_names()} of {count} design point{'s' * (count > 1)}. The time for it, before "
        "training, was over. The next run that trains anything measures more.",
    )
