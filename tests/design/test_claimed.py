"""The contrasts of claims that say where they hold: which rows they compare, and what a fraction cannot tell apart."""

import itertools

import numpy as np
import pytest

from ablate.config.spec import Claim
from ablate.design import design_of, lay_out
from ablate.design.claimed import claimed_at
from ablate.errors import DesignError


def contrast(factor, arm, reference, **at):
    return Claim(contrast={factor: (arm, reference)}, at=at, expect="greater", margin=0.01)


def interaction(one, other, **at):
    pairs = {name: (f"{name}1", f"{name}0") for name in (one, other)}
    return Claim(interaction=pairs, at=at, expect="greater", margin=0.01)


def value(**at):
    return Claim(value=0.5, at=at, expect="value", margin=0.01)


def estimable(spec, claim):
    layout = lay_out(spec)
    return layout, claimed_at(design_of(spec), spec.factors, layout.points, claim)


def estimate(found, y):
    """By its definition: mean against mean, each less what is taken from it."""

    def side(rows, less):
        return np.mean(y[list(rows)]) - (np.mean(y[list(less)]) if less else 0.0)

    return side(found.arm, found.arm_less) - side(found.reference, found.reference_less)


def refused(spec):
    with pytest.raises(DesignError) as caught:
        lay_out(spec)
    return str(caught.value)


def test_a_simple_effect_compares_points_that_differ_in_its_factor_alone(make_factors, make_spec):
    spec = make_spec(make_factors([3, 2, 2]))
    layout, found = estimable(spec, contrast("a", "a2", "a1", b="b1"))
    pairs = [
        (layout.points[i].levels, layout.points[j].levels) for i, j in zip(found.arm, found.reference, strict=True)
    ]
    assert [(dict(x), dict(y)) for x, y in pairs] == [
        ({"a": "a2", "b": "b1", "c": c}, {"a": "a1", "b": "b1", "c": c}) for c in ("c0", "c1")
    ]
    assert (found.kind, dict(found.held), found.rows) == ("simple", {"b": "b1"}, (*found.arm, *found.reference))


def test_an_interaction_is_a_difference_of_differences(make_factors, make_spec):
    spec = make_spec(make_factors([2, 2, 2]))
    layout, found = estimable(spec, interaction("a", "b", c="c1"))
    y = np.random.default_rng(0).normal(size=len(layout.points))
    cells = {tuple(p.levels.values()): y[row] for row, p in enumerate(layout.points)}
    at_first = cells["a1", "b1", "c1"] - cells["a0", "b1", "c1"]
    at_second = cells["a1", "b0", "c1"] - cells["a0", "b0", "c1"]
    assert estimate(found, y) == pytest.approx(at_first - at_second)
    assert (found.name, found.kind) == ("a: a1 vs a0 × b: b1 vs b0", "difference of differences")


def test_settings_that_lack_a_combination_are_left_out_and_the_others_stay_matched(make_factors, make_spec):
    spec = make_spec(make_factors([2, 2, 3]), exclude=({"a": "a1", "b": "b0", "c": "c1"},))
    layout, found = estimable(spec, interaction("a", "b"))
    for side in (found.arm, found.arm_less, found.reference, found.reference_less):
        assert [layout.points[row].levels["c"] for row in side] == ["c0", "c2"]
    _, simple = estimable(spec, contrast("a", "a1", "a0", b="b0"))
    assert [layout.points[row].levels["c"] for row in simple.arm] == ["c0", "c2"]


def test_a_value_is_of_the_one_design_point(make_factors, make_spec):
    spec = make_spec(make_factors([2, 2]))
    layout, found = estimable(spec, value(a="a1", b="b0"))
    assert [dict(layout.points[row].levels) for row in found.rows] == [{"a": "a1", "b": "b0"}]
    assert found.reference == ()


@pytest.mark.parametrize("resolution", [5, 6])
def test_a_fraction_of_enough_resolution_estimates_simple_effects_and_interactions(make_factors, make_spec, resolution):
    """Where there are main effects and interactions of two factors alone, as resolution 5 supposes, it is exact."""
    factors = make_factors([2] * (resolution + 1))
    spec = make_spec(factors, "fractional", resolution=resolution)
    names = [f.name for f in factors]
    rng = np.random.default_rng(1)
    effects = {t: rng.normal() for size in (1, 2) for t in itertools.combinations(names, size)}

    def truth(levels):
        return sum(size for t, size in effects.items() if all(levels[name] == f"{name}1" for name in t))

    layout, simple = estimable(spec, contrast("a", "a1", "a0", c="c1"))
    y = np.array([truth(p.levels) for p in layout.points])
    assert len(layout.points) < 2 ** len(factors)
    others = [name for name in names if name not in ("a", "c")]
    assert estimate(simple, y) == pytest.approx(
        effects["a",] + effects["a", "c"] + sum(effects["a", name] for name in others) / 2
    )
    _, crossed = estimable(spec, interaction("b", "d"))
    assert estimate(crossed, y) == pytest.approx(effects["b", "d"])


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        (interaction("a", "b"), "the interaction of a and b is aliased: a·b = c·d"),
        (contrast("a", "a1", "a0", b="b1"), "a: a1 against a0 at b=b1 is aliased: a·b = c·d"),
        (contrast("a", "a1", "a0", b="b1", c="c0"), "a·b·c = d"),
    ],
)
def test_what_a_fraction_aliases_is_refused_with_what_to_write(make_factors, make_spec, claim, said):
    message = refused(make_spec(make_factors([2] * 4), "fractional", resolution=4, claims=(claim,)))
    assert said in message.replace("−", "")
    assert "Set a higher `study.resolution`" in message
    assert "`design: factorial`" in message


@pytest.mark.parametrize("design", ["one_at_a_time", "leave_one_out"])
def test_designs_of_single_changes_have_no_interactions_and_few_simple_effects(make_factors, make_spec, design):
    factors = make_factors([2, 2])
    message = refused(make_spec(factors, design, claims=(interaction("a", "b"),)))
    assert "no four design points differ in a and b alone" in message
    assert "choose `design: factorial`" in message
    there, missing = ("b0", "b1") if design == "one_at_a_time" else ("b1", "b0")
    assert lay_out(make_spec(factors, design, claims=(contrast("a", "a1", "a0", b=there),)))
    message = refused(make_spec(factors, design, claims=(contrast("a", "a1", "a0", b=missing),)))
    assert f"no two design points differ in a alone at b={missing}" in message


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        (contrast("a", "a1", "a0", bb="b1"), "In `at` of a claim: Unknown factor 'bb'. Did you mean 'b'? Valid: a, b."),
        (contrast("a", "a1", "a0", b="b2"), "Unknown level of factor 'b' 'b2'. Did you mean 'b1'? Valid: b0, b1."),
        (contrast("a", "a1", "a0", a="a1"), "compares levels of 'a' and holds it at 'a1', too. Take 'a' out of `at`."),
        (interaction("a", "q"), "In a claim: Unknown factor 'q'"),
        (value(a="a1"), "says a level of every factor. Write, for instance, at: {a: a1, b: b0}."),
        (value(a="a2", b="b0"), "`exclude` leaves out level 'a2'"),
    ],
)
def test_a_place_that_is_not_there_is_refused(make_factors, make_spec, claim, said):
    spec = make_spec(make_factors([3, 2]), exclude=({"a": "a2"},), claims=(claim,))
    assert said in refused(spec)


def test_a_design_point_that_the_design_lacks_is_refused(make_factors, make_spec):
    spec = make_spec(make_factors([2, 2]), "one_at_a_time", claims=(value(a="a1", b="b1"),))
    assert "a=a1, b=b1 is not a design point" in refused(spec)


def test_a_share_of_a_baseline_that_is_not_there_is_refused(make_factors, make_spec):
    claim = Claim(contrast={"a": ("a1", "a0")}, expect="greater", margin=0.1, relative=True)
    assert lay_out(make_spec(make_factors([2, 2]), "one_at_a_time", claims=(claim,)))
    message = refused(make_spec(make_factors([2, 2]), "leave_one_out", claims=(claim,)))
    assert "margin: 10%, a share of the baseline's mean, and `design: leave_one_out` has no baseline" in message
