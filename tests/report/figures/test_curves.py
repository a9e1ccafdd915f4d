"""Learning curves: the mean of the replicates, the band that they span, and the baseline beside it."""

import math

import pytest

from ablate.report.figures.curves import curves
from ablate.report.figures.style import ACCENT, FAINT

FOUND = {
    "baseline": [{1: 0.2, 2: 0.4}, {1: 0.4, 2: 0.8}],
    "gap": [{1: 0.1, 2: 0.3}, {1: 0.3, 2: math.nan}],
}


def test_mean_band_and_baseline():
    figure = curves(FOUND, "val/accuracy", baseline="baseline")
    own, other = figure.axes
    assert [axes.get_title() for axes in figure.axes] == ["baseline", "gap"]
    (mean,) = own.get_lines()
    assert list(mean.get_xdata()) == [1, 2]
    assert list(mean.get_ydata()) == pytest.approx([0.3, 0.6])
    repeated, mean = other.get_lines()
    assert (repeated.get_color(), mean.get_color()) == (FAINT, ACCENT)
    assert list(repeated.get_ydata()) == pytest.approx([0.3, 0.6])
    assert list(mean.get_ydata()) == pytest.approx([0.2, 0.3]), "a value that is not finite is in no mean"
    (band,) = own.collections
    corners = {(round(float(x)), round(float(y), 9)) for x, y in band.get_paths()[0].vertices}
    assert {(1, 0.2), (1, 0.4), (2, 0.4), (2, 0.8)} <= corners
    assert figure.get_supxlabel() == "epoch (grey: baseline)"


def test_one_epoch_is_drawn_as_points():
    (axes,) = curves({"baseline": [{1: 0.5}]}, "val/loss").axes
    assert axes.get_lines()[0].get_marker() == "o"
