import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablate.design import estimable, lay_out
from ablate.errors import DesignError


@settings(deadline=None, max_examples=40)
@given(counts=st.lists(st.integers(2, 4), min_size=1, max_size=5))
def test_every_combination_once(make_factors, make_spec, counts):
    factors = make_factors(counts)
    layout = lay_out(make_spec(factors))
    assert len(layout.points) == math.prod(counts)
    assert {tuple(p.levels.values()) for p in layout.points} == set(itertools.product(*(f.levels for f in factors)))


def test_the_last_factor_changes_fastest_and_references_come_first(make_factors, make_spec):
    layout = lay_out(make_spec(make_factors([2, 3], references=[1, 2])))
    cells = [" ".join(p.levels.values()) for p in layout.points]
    assert cells == ["a1 b2", "a1 b0", "a1 b1", "a0 b2", "a0 b0", "a0 b1"]


def test_too_many_cells_are_refused_before_they_fill_the_memory(make_factors, make_spec):
    with pytest.raises(DesignError, match=r"makes 1099511627776 design points .* 100000 is the most"):
        lay_out(make_spec(make_factors([16] * 10)))


def test_a_resolution_is_refused(make_factors, make_spec):
    with pytest.raises(DesignError, match=r"`study.resolution` is 4, and `design: factorial` has no resolution"):
        lay_out(make_spec(make_factors([2, 2]), resolution=4))


def test_estimates_main_effects_and_interactions(make_factors, make_spec):
    can, cannot = estimable(make_spec(make_factors([3, 2])))
    assert can == (
        "a: a1 against a0, averaged over 2 settings of the other factors",
        "a: a2 against a0, averaged over 2 settings of the other factors",
        "b: b1 against b0, averaged over 3 settings of the other factors",
        "interactions of 2 and more factors",
    )
    assert cannot == ()


def test_one_factor_has_no_interactions(make_factors, make_spec):
    assert estimable(make_spec(make_factors([2]))) == (("a: a1 against a0, directly",), ())


def test_empty_cells_take_away_the_table_and_an_interaction(make_factors, make_spec):
    factors = make_factors([3, 2, 2])
    spec = make_spec(factors, exclude=({"a": "a1", "b": "b1"}, {"a": "a2", "b": "b1", "c": "c1"}))
    can, cannot = estimable(spec)
    assert can == (
        "a: a1 against a0, averaged over 2 settings of the other factors",
        "a: a2 against a0, averaged over 3 settings of the other factors",
        "b: b1 against b0, averaged over 3 settings of the other factors",
        "c: c1 against c0, averaged over 4 settings of the other factors",
        "the interaction of a and c, as contrasts",
        "the interaction of b and c, as contrasts",
    )
    assert cannot == (
        "the whole interaction of a and b: no design point has a1 with b1",
        "a sum-of-squares table: 3 cells are empty",
    )


def test_a_level_that_never_meets_its_reference(make_factors, make_spec):
    spec = make_spec(make_factors([3, 2]), exclude=({"a": "a2", "b": "b0"}, {"a": "a0", "b": "b1"}))
    can, cannot = estimable(spec)
    assert "a: a1 against a0, averaged over 1 setting of the other factors" in can
    assert "a: a2 against a0: no setting of the other factors has both" in cannot
