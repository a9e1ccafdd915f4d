from ablate.analysis.notes.costs_out_of_time import costs_out_of_time
from ablate.design.point import DesignPoint
from ablate.store.costs import PointCost

POINTS = [DesignPoint(levels={"a": a, "b": b}) for a in "xy" for b in "pq"]


def cost(**levels):
    return PointCost(levels=levels, activation_bytes=None, latency_seconds=None, timed_on="one thread")


def test_design_points_without_costs_are_counted():
    (said,) = costs_out_of_time(POINTS, [cost(b="q", a="x")])
    assert said.startswith("Not measured: activations and latency of 3 design points. ")


def test_nothing_is_said_where_all_or_none_were_measured():
    assert costs_out_of_time(POINTS, [cost(**p.levels) for p in POINTS]) == ()
    assert costs_out_of_time(POINTS, []) == ()
