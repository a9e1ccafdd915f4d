import pytest

from ablate.plan.cost import NETWORK_COSTS, NetworkCost, joined


@pytest.mark.parametrize("name", NETWORK_COSTS)
def test_every_cost_says_how_it_is_shown_and_is_unknown_at_first(name):
    kind = NETWORK_COSTS[name]
    assert kind.heading
    assert kind.timed == ("{timed_on}" in kind.note)
    assert kind.per != "minibatch" or kind.measured  # a trial counts its network and one example of it
    assert NetworkCost().numbers()[name] is None
    assert name.endswith({"count": "", "bytes": "_bytes", "seconds": "_seconds"}[kind.unit])


def test_costs_of_one_network_are_joined_by_the_first_that_is_known():
    counted, later = NetworkCost(parameters=3), NetworkCost(parameters=4, latency_seconds=0.5)
    assert joined([counted, later]) == NetworkCost(parameters=3, latency_seconds=0.5)
    assert joined([NetworkCost(flops=0), NetworkCost(flops=1)]).flops == 0
    assert joined([]) == NetworkCost()
