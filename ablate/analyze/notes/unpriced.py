"""Design points whose networks nobody has measured, because the time for it was over."""

from collections.abc import Sequence

from ablate.design.point import DesignPoint
from ablate.store.costs import Cost, priced


def unpriced(points: Sequence[DesignPoint], costs: Sequence[Cost]) -> tuple[str, ...]:
    """A note on how many they are; none where all were measured, or, in a study of before there were costs, none."""
    cost_of = priced(costs)
    count = sum(cost_of(point.levels) is None for point in points)
    if not costs or not count:
        return ()
    return (
        f"Latency and activation memory of {count} design point{'s' * (count > 1)} were not measured: the "
        "time for it, before training, was over. The next run that trains anything measures more.",
    )
