"""Interaction plots: means over other factors, and which pairs can be drawn."""

import itertools
from dataclasses import replace

import pytest

from ablate.report.figures.interaction import interaction


@pytest.fixture
def crossed(core):
    """Three factors, crossed. At (width, norm, bias) = (i, j, k), replicate r yields 100 i + 10 j + k + r / 10."""
    points = [
        replace(
            core.points[0],
            levels={"width": ["4", "8"][i], "norm": ["no", "yes"][j], "bias": ["off", "on"][k]},
            values=tuple(100 * i + 10 * j + k + r / 10 for r in range(3)),
            replicates=(0, 1, 2),
            baseline=(i, j, k) == (0, 0, 0),
        )
        for i, j, k in itertools.product(range(2), repeat=3)
    ]
    return replace(core, points=tuple(points))


def lines(axes):
    """The means: lines that are labelled with a level."""
    return {line.get_label(): list(line.get_ydata()) for line in axes.get_lines() if line.get_label()[0] != "_"}


def test_a_panel_for_each_pair_with_means_over_the_third_factor(crossed):
    figure = interaction(crossed)
    assert [axes.get_title() for axes in figure.axes] == ["width × norm", "width × bias", "norm × bias"]
    assert lines(figure.axes[0]) == {
        "no": pytest.approx([0.6, 100.6]),  # .5 of the third factor, .1 of three replicates
        "yes": pytest.approx([10.6, 110.6]),
    }
    small = [line for line in figure.axes[0].get_lines() if line.get_markersize() == 2]
    assert sorted(small[0].get_ydata()) == pytest.approx([0.5, 0.6, 0.7]), "a mark for each replicate"


def test_only_the_pairs_asked_for(crossed):
    figure = interaction(crossed, ["norm", "bias"])
    assert [axes.get_title() for axes in figure.axes] == ["norm × bias"]


def test_a_replicate_that_one_point_lacks_is_in_no_mean_of_that_cell(crossed):
    first = replace(crossed.points[0], values=(50.0, 0.1), replicates=(0, 1))
    figure = interaction(replace(crossed, points=(first, *crossed.points[1:])), ["width", "norm"])
    assert lines(figure.axes[0])["no"][0] == pytest.approx(((50 + 1) / 2 + (0.1 + 1.1) / 2) / 2)


def test_factors_that_are_not_crossed_are_refused(crossed):
    alone = tuple(p for p in crossed.points if sum(level in ("8", "yes", "on") for level in p.levels.values()) < 2)
    with pytest.raises(ValueError, match="No two factors of this study are crossed"):
        interaction(replace(crossed, points=alone))
