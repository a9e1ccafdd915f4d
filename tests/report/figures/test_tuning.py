"""Tuning curves: what was tried, and what was chosen."""

import math

import pytest

from ablate.report.figures.style import ACCENT
from ablate.report.figures.tuning import tuning
from tests.report.tuned import RATES, arm, with_tuning


def test_each_arm_has_a_panel_with_its_rungs_and_its_choice_ringed(core):
    arms = (arm({}, (0.3, 0.5, 0.7, 0.75), (0.8, 0.85)), arm({}, (0.4, 0.6, 0.7, 0.2), (0.83, 0.8), chosen=0.03))
    figure = tuning(with_tuning(core, *arms))
    assert len(figure.axes) == 2
    first, second = figure.axes
    assert first.get_title() == "baseline"
    assert first.get_xscale() == "log"
    short, long, ring = first.get_lines()
    assert (list(short.get_xdata()), list(short.get_ydata())) == ([*RATES], [0.3, 0.5, 0.7, 0.75])
    assert long.get_color() == ACCENT
    assert [y for y in long.get_ydata() if not math.isnan(y)] == [0.8, 0.85]
    assert (ring.get_xdata()[0], ring.get_ydata()[0]) == (0.01, 0.8)
    assert second.get_lines()[2].get_xdata()[0] == 0.03
    assert first.get_shared_y_axes().joined(first, second)


def test_nothing_tuned_is_refused(core):
    with pytest.raises(ValueError, match="Nothing of this study was tuned"):
        tuning(core)
