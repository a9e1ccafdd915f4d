import pytest

from ablate.plan import cost
from ablate.plan.cost import NETWORK_COSTS, CostKind, NetworkCost, joined, measured_names


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


@pytest.mark.parametrize(
    ("headings", "phrase"), [("a", "a"), ("ab", "a and b"), ("abc", "a, b and c")], ids=["one", "two", "three"]
)
def test_all_measured_costs_are_named_and_no_counted_one(headings, phrase, monkeypatch):
    kinds = [CostKind(heading=h, unit="bytes", per="example", measured=True) for h in headings]
    kinds.append(CostKind(heading="counted", unit="count", per="network", measured=False))
    monkeypatch.setattr(cost, "NETWORK_COSTS", {kind.heading: kind for kind in kinds})
    assert measured_names() == phrase
