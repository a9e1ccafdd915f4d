import dataclasses

import numpy as np
import pytest

from ablate.analysis.effects.contrast import contrasts, point_differences
from ablate.errors import DesignError

# Montgomery, Design and Analysis of Experiments, example 6.1: A, B, C; replicates as columns.
TOOL_LIFE = {
    "---": (22, 31, 25),
    "+--": (32, 43, 29),
    "-+-": (35, 34, 50),
    "++-": (55, 47, 46),
    "--+": (44, 45, 38),
    "+-+": (40, 37, 36),
    "-++": (60, 50, 54),
    "+++": (39, 41, 47),
}


def sides(found):
    return {(*c.levels.items(), *c.held.items()): (c.arm, c.reference) for c in found}


def test_main_effects_of_montgomery_6_1(lab, contrast):
    spec = lab.spec("factorial", replicates=3, A=["-", "+"], B=["-", "+"], C=["-", "+"])
    points = lab.points(*(dict(zip("ABC", cell, strict=True)) for cell in TOOL_LIFE))
    summary = lab.summarise(spec, points, list(TOOL_LIFE.values()))
    assert [c.kind for c in summary.contrasts] == ["main effect"] * 3
    published = {"A": (0.3333, 0.0648), "B": (11.3333, 8.4883), "C": (6.8333, 19.6035)}
    for factor, (effect, f) in published.items():
        pairs = contrast(summary, factor).paired
        assert pairs.difference.value == pytest.approx(effect, abs=5e-5)
        assert 3 * (pairs.difference.value / pairs.sd) ** 2 == pytest.approx(f, abs=5e-5)
        assert (pairs.n, pairs.dropped) == (3, 0)
        assert pairs.p is None


@pytest.mark.parametrize("design", ["factorial", "fractional"])
def test_main_effects_are_least_squares_effects_in_a_balanced_design(lab, contrast, design):
    import statsmodels.api as sm

    spec = lab.spec(design, replicates=6, a=["0", "1"], b=["0", "1"], c=["0", "1"], d=["0", "1"])
    points = lab.crossed(spec)
    if design == "fractional":  # resolution IV: an even number of changes
        points = tuple(p for p in points if sum(map(int, p.levels.values())) % 2 == 0)
    y = np.random.default_rng(2).normal(size=(len(points), 6)) + np.arange(len(points))[:, None]
    summary = lab.summarise(spec, points, y.tolist())
    x = sm.add_constant(np.array([[int(v) for v in p.levels.values()] for p in points], dtype=float))
    for r in range(6):
        fitted = sm.OLS(y[:, r], x).fit().params[1:]
        ours = [contrast(summary, f).paired.differences[r] for f in "abcd"]
        assert ours == pytest.approx(fitted.tolist())


def test_with_one_factor_a_main_effect_is_the_simple_difference(lab, contrast):
    values = [[0.5, 0.6, 0.7, 0.4, 0.5], [0.6, 0.8, 0.7, 0.5, 0.9], [0.1, 0.3, 0.2, 0.2, 0.4]]
    crossed, single = (lab.spec(design, a=["x", "y", "z"]) for design in ("factorial", "one_at_a_time"))
    points = lab.crossed(crossed)
    one, other = lab.summarise(crossed, points, values), lab.summarise(single, points, values)
    for level in "yz":
        main, simple = contrast(one, "a", level), contrast(other, "a", level)
        assert main.paired == simple.paired
        assert (main.kind, simple.kind) == ("main effect", "simple")


def test_every_level_is_against_the_reference(lab):
    spec = lab.spec("factorial", a=["x", "y", "z"], b=["p", "q"])
    found, notes = contrasts(spec, lab.crossed(spec))
    assert notes == ()
    assert [c.name for c in found] == ["a: y vs x", "a: z vs x", "b: q vs p"]
    assert [(c.levels, c.against, c.held) for c in found] == [
        ({"a": "y"}, {"a": "x"}, {}),
        ({"a": "z"}, {"a": "x"}, {}),
        ({"b": "q"}, {"b": "p"}, {}),
    ]
    assert [(c.arm, c.reference) for c in found] == [
        ((2, 3), (0, 1)),
        ((4, 5), (0, 1)),
        ((1, 3, 5), (0, 2, 4)),
    ]


def test_exclude_averages_over_the_settings_that_have_both(lab, contrast):
    spec = lab.spec("factorial", replicates=3, a=["x", "y"], b=["p", "q", "s"])
    points = tuple(p for p in lab.crossed(spec) if p.levels != {"a": "y", "b": "s"})
    #         x,p        x,q        x,s        y,p        y,q
    values = [[1, 1, 1], [2, 2, 5], [9, 8, 7], [3, 4, 5], [5, 6, 7]]
    summary = lab.summarise(spec, points, values)
    assert contrast(summary, "a").paired.differences == pytest.approx((2.5, 3.5, 3.0))
    assert contrast(summary, "b", "s").paired.differences == pytest.approx((8, 7, 6))
    assert contrast(summary, "b", "q").paired.differences == pytest.approx((1.5, 1.5, 3.0))
    partial = [n for n in summary.notes if "averaged over" in n]
    assert [n.split(" is ")[0] for n in partial] == ["a: y vs x", "b: s vs p"]
    assert "the 2 of 3 settings" in partial[0]
    assert "the 1 of 2 settings" in partial[1]


def test_a_level_left_out_everywhere_makes_no_setting_incomplete(lab):
    spec = lab.spec("factorial", a=["x", "y"], b=["p", "q", "s"])
    points = tuple(p for p in lab.crossed(spec) if p.levels["b"] != "s")
    found, notes = contrasts(spec, points)
    assert [c.name for c in found] == ["a: y vs x", "b: q vs p"]
    (note,) = notes
    assert note.startswith("b: s vs p cannot be estimated")


def test_a_factor_without_a_common_setting_cannot_be_estimated(lab):
    spec = lab.spec("factorial", a=["x", "y"], b=["p", "q"])
    points = lab.points({"a": "x", "b": "p"}, {"a": "y", "b": "q"})
    found, notes = contrasts(spec, points)
    assert found == ()
    assert [n.split(" cannot be estimated")[0] for n in notes] == ["a: y vs x", "b: q vs p"]


def test_one_at_a_time_holds_the_others_at_reference(lab):
    spec = lab.spec("one_at_a_time", a=["x", "y"], b=["p", "q", "s"])
    points = lab.points({"a": "x", "b": "p"}, {"a": "y", "b": "p"}, {"a": "x", "b": "q"}, {"a": "x", "b": "s"})
    found, notes = contrasts(spec, points)
    assert notes == ()
    assert {c.kind for c in found} == {"simple"}
    assert sides(found) == {
        (("a", "y"), ("b", "p")): ((1,), (0,)),
        (("b", "q"), ("a", "x")): ((2,), (0,)),
        (("b", "s"), ("a", "x")): ((3,), (0,)),
    }
    found, notes = contrasts(spec, points[:3])
    assert [c.name for c in found] == ["a: y vs x", "b: q vs p"]
    assert notes[0].startswith("b: s vs p cannot be estimated")
    assert point_differences(spec, points)[0] is None
    assert [d.kind for d in point_differences(spec, points)[1:]] == ["point"] * 3


def test_leave_one_out_puts_each_factor_back(lab):
    spec = lab.spec("leave_one_out", a=["x", "y"], b=["p", "q"], c=["u", "v"])
    full = {"a": "y", "b": "q", "c": "v"}
    points = lab.points(full, full | {"a": "x"}, full | {"b": "p"}, full | {"c": "u"})
    found, notes = contrasts(spec, points)
    assert notes == ()
    assert sides(found) == {
        (("a", "y"), ("b", "q"), ("c", "v")): ((0,), (1,)),
        (("b", "q"), ("a", "y"), ("c", "v")): ((0,), (2,)),
        (("c", "v"), ("a", "y"), ("b", "q")): ((0,), (3,)),
    }
    assert [c.against for c in found] == [{"a": "x"}, {"b": "p"}, {"c": "u"}]
    differences = point_differences(spec, points)
    assert differences[0] is None
    assert [(d.arm, d.reference, d.levels, d.against) for d in differences[1:]] == [
        ((1,), (0,), {"a": "x"}, {"a": "y"}),
        ((2,), (0,), {"b": "p"}, {"b": "q"}),
        ((3,), (0,), {"c": "u"}, {"c": "v"}),
    ]
    found, notes = contrasts(spec, points[1:])
    assert found == ()
    assert len(notes) == 1
    found, notes = contrasts(spec, points[:3])
    assert [c.name for c in found] == ["a: y vs x", "b: q vs p"]
    assert notes[0].startswith("c: v vs u cannot be estimated")


def test_a_fraction_without_the_baseline_compares_no_points(lab):
    spec = lab.spec("fractional", a=["x", "y"], b=["p", "q"], c=["u", "v"])
    odd = [p for p in lab.crossed(spec) if sum(v in "yqv" for v in p.levels.values()) % 2]
    assert point_differences(spec, odd) == (None,) * 4
    found, _ = contrasts(spec, odd)
    assert [len(c.arm) for c in found] == [len(c.reference) for c in found] == [2, 2, 2]
    found, notes = contrasts(spec, lab.points({"a": "y", "b": "p", "c": "u"}))
    assert found == ()
    assert len(notes) == 3


def test_point_differences_name_all_that_changed(lab):
    spec = lab.spec("factorial", a=["x", "y"], b=["p", "q"], c=["u", "v"])
    differences = point_differences(spec, lab.points({"a": "x", "b": "p", "c": "u"}, {"a": "y", "b": "p", "c": "v"}))
    (d,) = differences[1:]
    assert (d.levels, d.against, d.held) == ({"a": "y", "c": "v"}, {"a": "x", "c": "u"}, {"b": "p"})
    assert d.name == "a: y vs x, c: v vs u"


def test_an_unknown_design_is_refused(lab):
    spec = dataclasses.replace(lab.spec(a=["x", "y"]), design="factorail")
    with pytest.raises(DesignError, match="Did you mean 'factorial'"):
        contrasts(spec, lab.crossed(spec))
