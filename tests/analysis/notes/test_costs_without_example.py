from ablate.analysis.notes.costs_without_example import costs_without_example
from ablate.design.point import DesignPoint
from ablate.store.costs import PointCost

POINTS = [DesignPoint(levels={"a": a}) for a in "xyz"]


def cost(point, latency=None):
    return PointCost(levels=point.levels, activation_bytes=None, latency_seconds=latency, timed_on="one thread")


def test_networks_that_no_example_went_through_are_counted_with_what_to_do():
    (said,) = costs_without_example(POINTS, [cost(POINTS[0]), cost(POINTS[1]), cost(POINTS[2], latency=0.1)])
    assert said.startswith("Not known: FLOPs, activations and latency of 2 design points, ")
    assert "self.example_input_array = " in said


def test_nothing_is_said_of_what_was_measured_or_never_tried():
    assert costs_without_example(POINTS, [cost(point, latency=0.1) for point in POINTS]) == ()
    assert costs_without_example(POINTS, []) == ()
