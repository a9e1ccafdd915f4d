"""What every design guarantees, whatever the factors."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablate.design import DESIGNS, lay_out

modest = settings(deadline=None, max_examples=40)
references = st.lists(st.integers(0, 3), min_size=6, max_size=6)


def any_study(make_factors, make_spec, design, counts, references):
    if design in ("leave_one_out", "fractional"):
        counts = [2] * len(counts)
    resolution = 4 if design == "fractional" else None
    return make_spec(make_factors(counts, references[: len(counts)]), design, resolution=resolution)


@pytest.mark.parametrize("design", DESIGNS)
@modest
@given(counts=st.lists(st.integers(2, 4), min_size=1, max_size=5), references=references)
def test_points_are_distinct_and_complete(make_factors, make_spec, design, counts, references):
    spec = any_study(make_factors, make_spec, design, counts, references)
    layout = lay_out(spec)
    cells = [tuple(p.levels.items()) for p in layout.points]
    assert len(set(cells)) == len(cells)
    assert all(tuple(p.levels) == spec.names for p in layout.points)
    for factor in spec.factors:
        assert {p.levels[factor.name] for p in layout.points} == set(factor.levels)


@pytest.mark.parametrize("design", DESIGNS)
@modest
@given(counts=st.lists(st.integers(2, 4), min_size=1, max_size=5), references=references)
def test_the_compared_point_comes_first_and_once(make_factors, make_spec, design, counts, references):
    spec = any_study(make_factors, make_spec, design, counts, references)
    first, *others = lay_out(spec).points
    if design == "leave_one_out":
        assert all(first.levels[f.name] != f.reference for f in spec.factors)
    else:
        assert first.is_baseline(spec.factors)
        assert not any(p.is_baseline(spec.factors) for p in others)


@pytest.mark.parametrize("design", DESIGNS)
def test_the_order_is_the_same_each_time(make_factors, make_spec, design):
    spec = any_study(make_factors, make_spec, design, [2, 3, 2, 2, 2], [1, 0, 1, 0, 1, 0])
    assert lay_out(spec) == lay_out(spec)


def test_settings_that_have_both_levels(make_factors, make_spec):
    factors = make_factors([3, 2])
    layout = lay_out(make_spec(factors, exclude=({"a": "a2", "b": "b1"},)))
    assert layout.settings("a", "a1", "a0") == ({"b": "b0"}, {"b": "b1"})
    assert layout.settings("a", "a2", "a0") == ({"b": "b0"},)
    assert layout.settings("b", "b0", "b1") == ({"a": "a0"}, {"a": "a1"})
