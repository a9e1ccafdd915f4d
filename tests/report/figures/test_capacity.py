"""Capacity against response."""

from dataclasses import replace

import pytest

from ablate.report.figures.capacity import capacity


def sized(core, *parameters):
    points = [replace(point, parameters=size) for point, size in zip(core.points, parameters, strict=False)]
    return replace(core, points=tuple(points))


def test_each_point_stands_at_its_parameters_and_its_mean(core):
    summary = sized(core, 100, 4000)
    (axes,) = capacity(summary).axes
    drawn = {(line.get_xdata()[0], line.get_ydata()[0]) for line in axes.get_lines() if line.get_marker() == "o"}
    assert drawn == {(point.parameters, point.mean.value) for point in summary.points}
    assert axes.get_xscale() == "log"


def test_much_the_same_capacity_is_not_drawn(core):
    with pytest.raises(ValueError, match="differ by less than 5% in parameters"):
        capacity(sized(core, 1000, 1010))
