import json

import pytest

from ablate.plan.cost import NETWORK_COSTS
from ablate.store import StudyDirectory
from ablate.store.costs import PointCost, cost_lookup, read_costs, write_costs


@pytest.fixture
def directory(tmp_path):
    return StudyDirectory(tmp_path / "study")


def cost(latency: float | None = 1e-4, **levels):
    return PointCost(levels=levels, activation_bytes=120, latency_seconds=latency, timed_on="one thread")


def test_costs_come_back_as_they_were_written(directory):
    costs = (cost(a="x", b="y"), cost(latency=None, a="z", b="y"))
    write_costs(directory, costs)
    assert read_costs(directory) == costs


def test_where_nothing_was_measured_there_is_nothing(directory):
    assert read_costs(directory) == ()


@pytest.mark.parametrize("content", [b"", b"{", b'{"schema": 99, "points": []}', b'{"schema": 1}', b"[" * 10**5])
def test_a_file_that_cannot_be_read_is_measured_again(directory, content):
    directory.write("costs.json", content)
    assert read_costs(directory) == ()


def test_of_two_costs_of_one_point_the_later_counts(directory):
    write_costs(directory, (cost(a="x", b="y"), cost(a="z"), cost(2e-4, b="y", a="x")))
    assert [c.latency_seconds for c in read_costs(directory)] == [2e-4, 1e-4]
    cost_of = cost_lookup(read_costs(directory))
    assert cost_of({"a": "x", "b": "y"}).latency_seconds == cost_of({"b": "y", "a": "x"}).latency_seconds == 2e-4
    assert cost_of({"a": "x"}) is None


def test_the_file_has_what_is_measured_and_nothing_else(directory):
    write_costs(directory, [cost(a="x")])
    (point,) = json.loads(directory.read("costs.json"))["points"]
    assert set(point) == {"levels", "timed_on", *(name for name, kind in NETWORK_COSTS.items() if kind.measured)}
    assert (point["levels"], point["activation_bytes"], point["latency_seconds"]) == ({"a": "x"}, 120, 1e-4)


def test_a_file_of_before_a_cost_was_measured_is_read(directory):
    directory.write("costs.json", b'{"schema": 1, "points": [{"levels": {"a": "x"}, "timed_on": "A"}]}')
    assert read_costs(directory) == (PointCost(levels={"a": "x"}, timed_on="A"),)
