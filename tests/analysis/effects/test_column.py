import itertools

import numpy as np
import pydoe
import pytest
import statsmodels.api as sm

from ablate.analysis.effects.column import column_effect
from ablate.analysis.effects.comparison import Comparison
from ablate.analysis.effects.contrast import contrasts
from ablate.design import DESIGNS, design_of


@pytest.fixture
def fraction(lab):
    def make(factors, resolution):
        spec = lab.spec("fractional", replicates=6, **{name: ["off", "on"] for name in "abcdefghijk"[:factors]})
        return spec, DESIGNS["fractional"].layout(spec.factors, resolution=resolution)

    return make


def columns(spec, points):
    return design_of(spec).columns(spec.factors, points)


def column_contrasts(spec, points, comparison):
    return [comparison.contrast(c.estimable) for c in columns(spec, points) if len(c.factors) <= 2]


def main_aliases(spec, points):
    return {next(iter(c.levels)): c.aliases for c in contrasts(spec, points)[0] if c.aliases}


def signs(points, factors):
    return np.prod([[1.0 if p.levels[f] == "on" else -1.0 for f in factors] for p in points], axis=1)


def comparison(y):
    return Comparison(scores=y, diverged=np.zeros(y.shape, dtype=bool), better="higher", seed=0)


@pytest.mark.parametrize("factors", [1, 2, 3, 5])
def test_a_whole_factorial_has_all_effects_as_pydoe_has_them(lab, factors):
    names = "CQab_"[:factors]
    spec = lab.spec("factorial", **{name: ["off", "on"] for name in names})
    matrix = pydoe.ff2n(factors)
    points = lab.points(*({n: "on" if v > 0 else "off" for n, v in zip(names, row, strict=True)} for row in matrix))
    y = np.random.default_rng(factors).normal(size=len(points))
    found = {column.factors: column for column in columns(spec, points)}
    subsets = [s for order in range(1, factors + 1) for s in itertools.combinations(range(factors), order)]
    assert [tuple(names[i] for i in s) for s in subsets] == list(found)
    for subset in subsets:
        column = found[tuple(names[i] for i in subset)]
        product = np.prod(matrix[:, subset], axis=1)
        assert column_effect(column, y) == pytest.approx(product @ y / (len(points) / 2))
        assert (column.aliases, column.clear) == ("", True)
        assert column.name == "·".join(names[i] for i in subset)


@pytest.mark.parametrize(("factors", "resolution"), [(3, 3), (7, 3), (6, 3), (4, 4), (6, 4), (8, 4), (5, 5), (6, 6)])
def test_a_fraction_has_every_column_once(fraction, factors, resolution):
    spec, layout = fraction(factors, resolution)
    points = layout.points
    found = columns(spec, points)
    assert {c.aliases for c in found if c.aliases and len(c.factors) <= 2} == set(layout.aliases)
    assert len(found) == len(points) - 1
    x = np.stack([signs(points, column.factors) for column in found], axis=1)
    assert np.array_equal(x.T @ x, len(points) * np.eye(len(found)))
    for column, own in zip(found, x.T, strict=True):
        assert np.array_equal(np.flatnonzero(own > 0), column.estimable.arm)
        assert np.array_equal(np.flatnonzero(own < 0), column.estimable.reference)
        shared = [
            (effect, signs(points, effect) @ own / len(points))
            for order in (1, 2)
            for effect in itertools.combinations(spec.names, order)
            if abs(signs(points, effect) @ own) == len(points)
        ]
        assert column.clear == (len(shared) <= 1)
        if len(shared) > 1:
            chain = [("" if sign > 0 else "−") + "·".join(effect) for effect, sign in shared]
            assert column.aliases == " = ".join(chain)
    assert [len(column.factors) for column in found] == sorted(len(column.factors) for column in found)


def test_columns_of_high_order_name_each_other(fraction):
    spec, layout = fraction(6, 6)
    points = layout.points
    third = [column for column in columns(spec, points) if len(column.factors) == 3]
    assert len(third) == 10
    x = signs(points, "abc"), signs(points, "def")
    assert np.array_equal(*x)
    assert third[0].aliases == "a·b·c = d·e·f"


def test_contrasts_of_a_fraction_are_least_squares_effects_per_replicate(fraction):
    spec, layout = fraction(4, 4)
    points = layout.points
    y = np.random.default_rng(1).normal(size=(8, 6)) + np.arange(8)[:, None] ** 2
    found = column_contrasts(spec, points, comparison(y))
    assert [c.aliases for c in found] == ["", "", "", "", "a·b = c·d", "a·c = b·d", "a·d = b·c"]
    assert [c.kind for c in found] == ["main effect"] * 4 + ["interaction"] * 3
    assert found[0].name == "a: on vs off"
    assert found[4].name == "a: on vs off × b: on vs off"
    assert (found[4].levels, found[4].against, found[4].held) == ({"a": "on", "b": "on"}, {"a": "off", "b": "off"}, {})
    x = sm.add_constant(np.stack([signs(points, c.levels) for c in found], axis=1))
    for r in range(6):
        fitted = 2 * sm.OLS(y[:, r], x).fit().params[1:]
        assert [c.paired.differences[r] for c in found] == pytest.approx(fitted.tolist())


def test_a_third_factor_takes_the_interactions_column(fraction):
    spec, layout = fraction(3, 3)
    points = layout.points
    found = column_contrasts(spec, points, comparison(np.random.default_rng(0).normal(size=(4, 6))))
    assert [c.kind for c in found] == ["main effect"] * 3
    assert [c.aliases.replace("−", "") for c in found] == ["a = b·c", "b = a·c", "c = a·b"]


def test_other_designs_have_no_columns(lab):
    spec = lab.spec("factorial", a=["x", "y", "z"], b=["p", "q"])
    assert columns(spec, lab.crossed(spec)) == ()
    spec = lab.spec("factorial", a=["x", "y"], b=["p", "q"])
    assert columns(spec, lab.crossed(spec)[:3]) == ()
    spec = lab.spec("leave_one_out", a=["x", "y"], b=["p", "q"], c=["u", "v"])
    assert columns(spec, DESIGNS[spec.design].layout(spec.factors).points) == ()


def test_contrasts_stop_at_two_factors(lab):
    spec = lab.spec("factorial", a=["x", "y"], b=["p", "q"], c=["u", "v"])
    found = column_contrasts(spec, lab.crossed(spec), comparison(np.random.default_rng(0).normal(size=(8, 5))))
    assert [tuple(c.levels) for c in found] == [("a",), ("b",), ("c",), ("a", "b"), ("a", "c"), ("b", "c")]


def test_a_level_left_out_everywhere_leaves_two(lab):
    spec = lab.spec("factorial", a=["x", "y", "z"], b=["p", "q"])
    points = [p for p in lab.crossed(spec) if p.levels["a"] != "y"]
    assert [c.estimable.levels for c in columns(spec, points)] == [{"a": "z"}, {"b": "q"}, {"a": "z", "b": "q"}]


def test_a_main_effect_of_a_fraction_carries_what_it_cannot_be_told_from(lab, fraction):
    spec, layout = fraction(3, 3)
    (sign,) = {float(x) for x in signs(layout.points, "abc")}
    minus = "" if sign > 0 else "−"
    aliases = {"a": f"a = {minus}b·c", "b": f"b = {minus}a·c", "c": f"c = {minus}a·b"}
    assert main_aliases(spec, layout.points) == aliases
    values = np.random.default_rng(0).normal(0.8, 0.05, (4, spec.replicates)).tolist()
    found = lab.summarise(spec, layout.points, values)
    assert {next(iter(c.levels)): c.aliases for c in found.contrasts} == aliases
    whole = lab.spec("factorial", a=("off", "on"), b=("off", "on"))
    assert main_aliases(whole, lab.crossed(whole)) == {}
