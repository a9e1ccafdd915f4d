"""Design points of whose networks nothing could be measured, since no example went through them."""

from collections.abc import Sequence

from ablate.design.point import DesignPoint
from ablate.plan.cost import NETWORK_COSTS, measured_names
from ablate.store.costs import PointCost, cost_lookup


def costs_without_example(points: Sequence[DesignPoint], costs: Sequence[PointCost]) -> tuple[str, ...]:
    """A note on their number, and on what makes their costs known; none where there are no such points."""
    cost_of = cost_lookup(costs)
    measured = [name for name, kind in NETWORK_COSTS.items() if kind.measured]
    found = [cost for point in points if (cost := cost_of(point.levels)) is not None]
    count = sum(all(cost.numbers()[name] is None for name in measured) for cost in found)
    if not count:
        return ()
    return (
        f"Not known: FLOPs, {measured_names()} of {count} design point{'s' * (count > 1)}, since no example could be "
        "sent through the network. A LightningModule says in its constructor what to send: self.example_input_array = "
        "torch.zeros(1, 3, 32, 32), in the shape of its inputs.",
    )
