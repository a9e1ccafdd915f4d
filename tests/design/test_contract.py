"""What every design guarantees, and that its answers about itself agree: one suite for all of `DESIGNS`."""

import dataclasses
import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablate.analysis.effects.contrast import contrasts, point_differences
from ablate.analysis.effects.variance_table import variance_table
from ablate.analysis.summary import VarianceTable
from ablate.design import DESIGNS, estimable, lay_out
from ablate.design.estimable import Estimable
from ablate.design.factor_pair import FactorPair
from ablate.errors import DesignError

modest = settings(deadline=None, max_examples=25)
designs = pytest.mark.parametrize("design", DESIGNS)


@pytest.fixture(scope="session")
def any_study(make_factors, make_spec):
    """A study of these factors, or of as many with two levels each, as the design takes them; and its layout."""

    def make(design, counts, references=(0,) * 5, exclude=(), resolution=3):
        tries = [(levels, given) for levels in (counts, [2] * len(counts)) for given in (None, resolution)]
        for levels, resolution in tries:
            spec = make_spec(make_factors(levels, references[: len(levels)]), design, resolution=resolution)
            try:
                layout = lay_out(spec)
            except DesignError:
                continue
            try:
                excluding = dataclasses.replace(spec, exclude=exclude)
                return excluding, lay_out(excluding)
            except DesignError:
                return spec, layout
        raise AssertionError(f"{design} takes no factors of {counts} levels")

    return make


@st.composite
def shapes(draw, *, excluding=True):
    """Of a study: its factors, what it excludes, and the resolution where the design has one."""
    return {
        "counts": draw(st.lists(st.integers(2, 4), min_size=1, max_size=5)),
        "references": draw(st.lists(st.integers(0, 3), min_size=5, max_size=5)),
        "exclude": ({"a": f"a{draw(st.integers(0, 2))}", "b": f"b{draw(st.integers(0, 2))}"},)
        if excluding and draw(st.booleans())
        else (),
        "resolution": draw(st.integers(3, 5)),
    }


def is_named(name, lines):
    return any(re.search(rf"\b{name}\b", line) for line in lines)


@designs
def test_it_has_a_file_of_its_name_and_says_what_it_is(design):
    cls = type(DESIGNS[design])
    assert DESIGNS[design].name == design
    assert cls.__module__ == f"ablate.design.{design}"
    assert cls.__doc__


@designs
@modest
@given(shape=shapes(excluding=False))
def test_points_are_distinct_and_complete(any_study, design, shape):
    spec, layout = any_study(design, **shape)
    cells = [tuple(p.levels.items()) for p in layout.points]
    assert len(set(cells)) == len(cells)
    assert all(tuple(p.levels) == spec.names for p in layout.points)
    for factor in spec.factors:
        assert {p.levels[factor.name] for p in layout.points} == set(factor.levels)


@designs
def test_the_order_is_the_same_each_time(any_study, design):
    spec, layout = any_study(design, [2, 3, 2, 2, 2], [1, 0, 1, 0, 1])
    assert lay_out(spec) == layout


@designs
@modest
@given(shape=shapes())
def test_the_compared_point_comes_first_and_is_the_baseline_or_is_explained(any_study, design, shape):
    spec, layout = any_study(design, **shape)
    assert DESIGNS[design].compared_point(spec.factors, layout.points) == 0
    differences = point_differences(spec, layout.points)
    assert [d is None for d in differences] == [True, *[False] * (len(layout.points) - 1)]
    assert {d.reference for d in differences[1:]} == {(0,)}
    if not any(p.is_baseline(spec.factors) for p in layout.points):
        assert is_named("reference", estimable(spec)[0])


@designs
def test_without_the_compared_point_no_points_are_compared(any_study, design):
    spec, layout = any_study(design, [2, 2, 2, 2])
    assert DESIGNS[design].compared_point(spec.factors, layout.points[1:]) is None


@designs
def test_a_resolution_is_taken_or_refused_by_name(make_factors, design):
    factors = make_factors([2] * 5)
    try:
        layout = DESIGNS[design].layout(factors, resolution=4)
    except DesignError as error:
        assert "`study.resolution`" in str(error)  # noqa: PT017
    else:
        assert layout.resolution is None or layout.resolution >= 4


@designs
@modest
@given(shape=shapes())
def test_each_side_of_a_contrast_has_its_level_and_the_same_settings(any_study, design, shape):
    spec, layout = any_study(design, **shape)
    found, _ = contrasts(spec, layout.points)
    for contrast in found:
        (factor,) = contrast.levels
        for rows, level in ((contrast.arm, contrast.levels), (contrast.reference, contrast.against)):
            assert rows
            assert {layout.points[row].levels[factor] for row in rows} == {level[factor]}
        for other in set(spec.names) - {factor}:
            sides = [
                Counter(layout.points[row].levels[other] for row in rows) for rows in (contrast.arm, contrast.reference)
            ]
            assert sides[0] == sides[1]
            assert other not in contrast.held or set(sides[0]) == {contrast.held[other]}


@designs
@modest
@given(shape=shapes())
def test_what_it_says_it_can_estimate_has_a_contrast(any_study, design, shape):
    spec, layout = any_study(design, **shape)
    found, notes = contrasts(spec, layout.points)
    can, cannot = estimable(spec)
    assert can or cannot
    for factor in layout.factors:
        for level in factor.others:
            (contrast,) = [c for c in found if c.levels == {factor.name: level}] or [None]
            refusal = DESIGNS[design].refusal(layout, factor.name, (level, factor.reference))
            assert (refusal is None) == (contrast is not None and not contrast.aliases)
            if refusal is None:
                assert is_named(factor.name, can)
            else:
                assert is_named(factor.name, cannot)
            if contrast is None:
                assert any(note.startswith(f"{factor.name}: {level} vs") for note in notes)


@designs
@modest
@given(shape=shapes())
def test_columns_are_balanced_orthogonal_and_named_by_their_effects(any_study, design, shape):
    spec, layout = any_study(design, **shape)
    columns = DESIGNS[design].columns(spec.factors, layout.points)
    signs = np.zeros((len(layout.points), len(columns)), dtype=int)
    for place, column in enumerate(columns):
        assert column.factors == tuple(column.estimable.levels)
        signs[list(column.estimable.arm), place] = 1
        signs[list(column.estimable.reference), place] = -1
    assert len(columns) in (0, len(layout.points) - 1)
    assert not signs.sum(axis=0).any()
    assert np.array_equal(signs.T @ signs, len(layout.points) * np.eye(len(columns)))


@designs
@modest
@given(shape=shapes())
def test_interactions_are_estimated_where_factors_are_crossed(any_study, design, shape):
    spec, layout = any_study(design, **shape)
    found = list(DESIGNS[design].factor_pairs(spec.factors, layout.points))
    pairs = [pair for pair in found if isinstance(pair, FactorPair)]
    assert all(isinstance(item, FactorPair | str) for item in found)
    if not DESIGNS[design].crosses_factors:
        assert not found
        assert len(spec.factors) == 1 or is_named("interactions", estimable(spec)[1])
    for pair in pairs:
        assert pair.interactions
        for contrast in (*pair.interactions, *pair.simple):
            assert isinstance(contrast, Estimable)
            assert len(contrast.arm) == len(contrast.reference)
            assert not set(contrast.arm) & set(contrast.reference)
        assert {tuple(c.levels) for c in pair.interactions} == {pair.factors}


@designs
@modest
@given(shape=shapes(excluding=False))
def test_sums_of_squares_divide_where_factors_are_crossed(any_study, design, shape):
    spec, layout = any_study(design, **shape)
    scores = np.random.default_rng(0).normal(size=(len(layout.points), 3))
    table = variance_table(spec, layout.points, scores)
    if DESIGNS[design].crosses_factors:
        assert isinstance(table, VarianceTable)
        parts = [*table.effects, table.replicate, table.residual]
        assert sum(part.df for part in parts) == table.df == scores.size - 1
        assert sum(part.ss for part in parts) == pytest.approx(table.ss)
    elif len(layout.points) < np.prod([len(f.levels) for f in layout.factors]):
        assert isinstance(table, str)


@designs
def test_dropped_points_are_counted_or_refused(make_factors, make_spec, design):
    for resolution in (None, 3):
        spec = make_spec(make_factors([2] * 3), design, resolution=resolution)
        try:
            whole = lay_out(spec)
        except DesignError:
            continue
        last = dict(list(whole.points[-1].levels.items())[-2:])
        try:
            left = lay_out(dataclasses.replace(spec, exclude=(last,)))
        except DesignError as error:
            assert "`exclude`" in str(error)  # noqa: PT017
        else:
            dropped = len(whole.points) - len(left.points)
            assert dropped
            assert any(f"drops {dropped} of {len(whole.points)}" in note for note in left.notes)
