import itertools

import msgspec
import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from ablate.analysis.effects.comparison import Comparison
from ablate.analysis.effects.interaction import interactions
from ablate.analysis.outcomes.outcome import outcomes
from ablate.analysis.outcomes.scoring import score
from ablate.analysis.summary import Interaction
from ablate.design import DESIGNS

# Montgomery, Design and Analysis of Experiments, example 6.1.
TOOL_LIFE = [[22, 31, 25], [44, 45, 38], [35, 34, 50], [60, 50, 54], [32, 43, 29], [40, 37, 36], [55, 47, 46]]
TOOL_LIFE = np.array([*TOOL_LIFE, [39, 41, 47]], dtype=float)


@pytest.fixture
def judge(lab):
    """The interactions of responses, by way of records."""

    def of(spec, points, values):
        found = outcomes(spec, points, lab.records(spec, points, np.asarray(values, dtype=object).tolist()))
        scores = score(found, spec.response).values
        comparison = Comparison(scores=scores, diverged=found.diverged, better=spec.response.better, seed=0)
        return interactions(spec, points, comparison)

    return of


def by_factors(found):
    return {interaction.factors: interaction for interaction in found}


def differences(contrast):
    return np.array(contrast.paired.differences)


def test_montgomery_6_1(lab, judge):
    spec = lab.spec("factorial", 3, A=["-", "+"], B=["-", "+"], C=["-", "+"])
    found, notes = judge(spec, lab.crossed(spec), TOOL_LIFE)
    assert list(by_factors(found)) == [("A", "B"), ("A", "C"), ("B", "C")]
    (contrast,) = by_factors(found)["A", "C"].contrasts
    assert (contrast.kind, contrast.name) == ("interaction", "A: + vs - × C: + vs -")
    assert contrast.paired.difference.value == pytest.approx(-8.8333, abs=5e-5)
    assert 3 * (contrast.paired.difference.value / contrast.paired.sd) ** 2 == pytest.approx(6.6603, abs=5e-5)
    assert contrast.paired.difference.low is not None
    # Three replicates: an interval, no p, no verdict.
    assert {i.notable for i in found} == {None}
    assert {i.q for i in found} == {(None,)}
    assert [i.simple for i in found] == [()] * 3
    (note,) = notes
    assert "judged from 5 replicates on" in note


@given(
    st.lists(st.integers(2, 3), min_size=2, max_size=3),
    st.integers(5, 7),
    st.integers(0, 2**32),
    st.sampled_from([0.0, 3.0]),
)
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_contrasts_are_half_the_products_of_least_squares(lab, judge, sizes, replicates, seed, strength):
    names = ["C", "b", "d"][: len(sizes)]
    spec = lab.spec("factorial", replicates, **{n: list("xyz"[:size]) for n, size in zip(names, sizes, strict=True)})
    rng, points = np.random.default_rng(seed), lab.crossed(spec)
    points = [points[row] for row in rng.permutation(len(points))]
    y = rng.normal(size=(len(points), replicates)) + strength * rng.normal(size=(len(points), 1))
    found, notes = judge(spec, points, y)
    assert notes == ()
    assert [i.factors for i in found] == list(itertools.combinations(names, 2))
    # Reference coding; interactions of all pairs, in balance with the rest.
    dummy = {(n, lv): np.array([float(p.levels[n] == lv) for p in points]) for n in names for lv in "xyz"}
    mains = [dummy[f.name, lv] for f in spec.factors for lv in f.others]
    wanted, columns = [], []
    for one, other in itertools.combinations(spec.factors, 2):
        for first, second in itertools.product(one.others, other.others):
            wanted.append({one.name: first, other.name: second})
            columns.append(dummy[one.name, first] * dummy[other.name, second])
    x = np.column_stack([np.ones(len(points)), *mains, *columns])
    contrasts = [c for i in found for c in i.contrasts]
    assert [c.levels for c in contrasts] == wanted
    for r in range(replicates):
        fitted = sm.OLS(y[:, r], x).fit().params[-len(columns) :] / 2
        assert [c.paired.differences[r] for c in contrasts] == pytest.approx(fitted.tolist(), abs=1e-9)
    q = multipletests([c.paired.p for c in contrasts], method="fdr_bh")[1]
    assert [value for i in found for value in i.q] == pytest.approx(q.tolist())
    for interaction in found:
        assert interaction.notable == (min(interaction.q) <= 0.05)
        assert bool(interaction.simple) == bool(interaction.note) == interaction.notable


def test_a_planted_interaction_is_recovered_with_its_simple_effects(lab, judge):
    spec = lab.spec("factorial", 6, a=["off", "on"], b=["p", "q", "s"], c=["0", "1"])
    points, rng = lab.crossed(spec), np.random.default_rng(4)
    blocks = rng.normal(size=6)

    def response(levels):
        a_counts = {"p": 2.0, "q": 2.0, "s": -2.0}[levels["b"]]
        return a_counts * (levels["a"] == "on") + 5.0 * (levels["c"] == "1") + blocks + 0.2 * rng.normal(size=6)

    found, notes = judge(spec, points, [response(p.levels) for p in points])
    assert notes == ()
    notable = [i for i in found if i.notable]
    assert [i.factors for i in notable] == [("a", "b")]
    (interaction,) = notable
    assert [c.levels for c in interaction.contrasts] == [{"a": "on", "b": "q"}, {"a": "on", "b": "s"}]
    assert [c.paired.difference.value for c in interaction.contrasts] == pytest.approx([0, -2], abs=0.3)
    assert interaction.contrasts[1].paired.difference.high < 0
    assert interaction.q[1] < 0.001 < interaction.q[0]
    for word in ("a and b interact", "main effect alone misleads", "simple effects"):
        assert word in interaction.note
    effect = {(*c.levels.items(), *c.held.items()): c.paired.difference.value for c in interaction.simple}
    assert effect == pytest.approx(
        {
            (("a", "on"), ("b", "p")): 2,
            (("a", "on"), ("b", "q")): 2,
            (("a", "on"), ("b", "s")): -2,
            (("b", "q"), ("a", "off")): 0,
            (("b", "s"), ("a", "off")): 0,
            (("b", "q"), ("a", "on")): 0,
            (("b", "s"), ("a", "on")): -4,
        },
        abs=0.3,
    )
    assert {c.kind for c in interaction.simple} == {"simple"}
    assert {c.paired.n for c in interaction.simple} == {6}


def test_a_main_effect_alone_is_no_interaction(lab, judge):
    spec = lab.spec("factorial", 8, a=["0", "1"], b=["0", "1"])
    points, rng = lab.crossed(spec), np.random.default_rng(0)
    y = np.array([[5.0 * (p.levels["a"] == "1")] for p in points]) + 0.1 * rng.normal(size=(4, 8))
    (interaction,), notes = judge(spec, points, y)
    assert (interaction.notable, interaction.simple, interaction.note, notes) == (False, (), "", ())


def test_noise_is_rarely_notable_even_where_cells_vary_unequally(lab):
    spec = lab.spec("factorial", 5, a=["0", "1"], b=["0", "1"], c=["0", "1"])
    points, rng = lab.crossed(spec), np.random.default_rng(9)
    spreads = np.array([0.1, 1, 1, 5, 0.1, 1, 1, 5])[:, None]
    hits, studies = 0, 300
    for _ in range(studies):
        y = spreads * rng.normal(size=(8, 5)) + rng.normal(size=5)
        comparison = Comparison(scores=y, diverged=np.zeros((8, 5), dtype=bool), better="higher", seed=0)
        found, _ = interactions(spec, points, comparison)
        hits += any(i.notable for i in found)
    assert hits / studies <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)


def test_an_empty_cell_leaves_contrasts_over_what_is_there(lab, judge):
    spec = lab.spec("factorial", 5, a=["x", "y"], b=["p", "q"], c=["u", "v", "w"])
    points = [p for p in lab.crossed(spec) if p.levels != {"a": "y", "b": "q", "c": "w"}]
    y = {tuple(p.levels.values()): np.random.default_rng(i).normal(size=5) for i, p in enumerate(points)}
    found, notes = judge(spec, points, list(y.values()))
    (contrast,) = by_factors(found)["a", "b"].contrasts
    expected = sum(y["y", "q", c] + y["x", "p", c] - y["y", "p", c] - y["x", "q", c] for c in "uv") / 4
    assert differences(contrast) == pytest.approx(expected)
    assert "a: y vs x × b: q vs p is averaged over the 2 of 3 settings that have all four" in notes[0]
    one_setting = by_factors(found)["a", "c"].contrasts[1]
    assert one_setting.levels == {"a": "y", "c": "w"}
    assert differences(one_setting) == pytest.approx(
        (y["y", "p", "w"] + y["x", "p", "u"] - y["y", "p", "u"] - y["x", "p", "w"]) / 2
    )


def test_an_interaction_without_its_cells_cannot_be_estimated(lab, judge):
    spec = lab.spec("factorial", 5, a=["x", "y"], b=["p", "q"])
    points = [p for p in lab.crossed(spec) if p.levels != {"a": "y", "b": "q"}]
    found, notes = judge(spec, points, np.zeros((3, 5)))
    assert found == ()
    assert notes == (
        "a: y vs x × b: q vs p cannot be estimated: no setting of the other factors has all four combinations.",
    )


def test_simple_effects_pair_the_settings_that_are_there(lab, judge):
    spec = lab.spec("factorial", 5, a=["x", "y"], b=["p", "q"], c=["u", "v"])
    points = [p for p in lab.crossed(spec) if p.levels != {"a": "y", "b": "q", "c": "v"}]
    rng = np.random.default_rng(0)
    y = {
        tuple(p.levels.values()): 9.0 * (p.levels["a"] == "y") * (p.levels["b"] == "q") + rng.normal(size=5)
        for p in points
    }
    found, _ = judge(spec, points, list(y.values()))
    simple = {(*c.levels.items(), *c.held.items()): differences(c) for c in by_factors(found)["a", "b"].simple}
    assert len(simple) == 4
    assert simple[("a", "y"), ("b", "q")] == pytest.approx(y["y", "q", "u"] - y["x", "q", "u"])
    both = (y["y", "p", "u"] + y["y", "p", "v"] - y["x", "p", "u"] - y["x", "p", "v"]) / 2
    assert simple[("a", "y"), ("b", "p")] == pytest.approx(both)


def test_a_missing_trial_drops_its_replicate_and_divergence_is_counted(lab, judge):
    spec = lab.spec("factorial", 7, a=["0", "1"], b=["0", "1"])
    values = np.random.default_rng(0).uniform(size=(4, 7)).astype(object)
    values[0, 2], values[3, 4] = lab.ABSENT, lab.DIVERGED
    (interaction,), _ = judge(spec, lab.crossed(spec), values)
    (contrast,) = interaction.contrasts
    assert (contrast.paired.n, contrast.paired.dropped) == (6, 1)
    assert contrast.paired.replicates == (0, 1, 3, 4, 5, 6)
    assert (contrast.diverged_arm, contrast.diverged_reference, contrast.survivors.n) == (1, 0, 5)


def test_equal_differences_are_not_judged(lab, judge):
    spec = lab.spec("factorial", 5, a=["0", "1"], b=["0", "1"])
    y = np.array([[0.5], [0.6], [0.7], [0.9]]) + np.array([0.0, 0.01, 0.03, 0.02, 0.05])
    (interaction,), (note,) = judge(spec, lab.crossed(spec), y)
    assert interaction.contrasts[0].paired.identical
    assert (interaction.q, interaction.notable) == ((None,), None)
    assert "not judged" in note


@pytest.mark.parametrize("design", ["factorial", "one_at_a_time", "leave_one_out"])
def test_designs_that_cross_nothing_have_none(lab, judge, design):
    levels = {"a": ["0", "1"]} if design == "factorial" else {"a": ["0", "1"], "b": ["0", "1"], "c": ["0", "1"]}
    spec = lab.spec(design, 5, **levels)
    points = DESIGNS[spec.design].layout(spec.factors).points
    assert judge(spec, points, np.random.default_rng(0).normal(size=(len(points), 5))) == ((), ())


def test_one_replicate_has_values_alone(lab, judge):
    spec = lab.spec("factorial", 1, a=["0", "1"], b=["0", "1"])
    (interaction,), notes = judge(spec, lab.crossed(spec), [[1.0], [2.0], [4.0], [9.0]])
    assert interaction.contrasts[0].paired.difference.value == pytest.approx(2.0)
    assert (interaction.notable, len(notes)) == (None, 1)


def fraction(lab, resolution, names):
    spec = lab.spec("fractional", 6, **{name: ["0", "1"] for name in names})
    return spec, DESIGNS["fractional"].layout(spec.factors, resolution=resolution).points


def planted(points, one, other):
    rng = np.random.default_rng(2)
    return [3.0 * (p.levels[one] == p.levels[other] == "1") + 0.1 * rng.normal(size=6) for p in points]


def test_resolution_v_has_simple_effects(lab, judge):
    spec, points = fraction(lab, 5, "abcde")
    found, notes = judge(spec, points, planted(points, "b", "d"))
    assert notes == ()
    assert len(found) == 10
    (interaction,) = (i for i in found if i.notable)
    assert interaction.factors == ("b", "d")
    assert interaction.contrasts[0].paired.difference.value == pytest.approx(1.5, abs=0.1)
    assert {i.contrasts[0].aliases.count("=") for i in found} == {1}
    effect = {(*c.levels, *c.held.values()): c.paired.difference.value for c in interaction.simple}
    assert effect == pytest.approx({("b", "0"): 0, ("b", "1"): 3, ("d", "0"): 0, ("d", "1"): 3}, abs=0.2)
    assert "Read the simple effects" in interaction.note


def test_resolution_iv_names_the_alias_and_claims_no_more(lab, judge):
    spec, points = fraction(lab, 4, "abcd")
    found, _ = judge(spec, points, planted(points, "c", "d"))
    assert [i.factors for i in found] == [("a", "b"), ("a", "c"), ("a", "d")]
    (interaction,) = (i for i in found if i.notable)
    assert interaction.factors == ("a", "b")
    assert interaction.contrasts[0].aliases == "a·b = c·d"
    assert interaction.simple == ()
    assert interaction.note.startswith("a·b = c·d is not negligible")


def test_resolution_iii_lists_no_interaction_of_a_main_effects_column(lab, judge):
    spec, points = fraction(lab, 3, "abc")
    assert judge(spec, points, planted(points, "a", "b")) == ((), ())


def test_an_interaction_clear_of_others_still_needs_clear_main_effects(lab, judge):
    spec = lab.spec("fractional", 6, **{name: ["0", "1"] for name in "abcd"})
    # d = −a·b: the interaction of a and c shares its column with one of three factors only, but a shares b·d's.
    points = [p for p in lab.crossed(spec) if (p.levels["d"] == "1") == (p.levels["a"] != p.levels["b"])]
    found, _ = judge(spec, points, planted(points, "a", "c"))
    interaction = by_factors(found)["a", "c"]
    assert interaction.notable
    assert interaction.simple == ()
    assert "aliases it, or its main effects" in interaction.note


def test_a_level_left_out_everywhere_has_no_interactions(lab, judge):
    spec = lab.spec("factorial", 5, a=["x", "y", "z"], b=["p", "q"])
    points = [p for p in lab.crossed(spec) if p.levels["a"] != "y"]
    (interaction,), notes = judge(spec, points, np.random.default_rng(0).normal(size=(4, 5)))
    assert notes == ()
    assert [c.levels for c in interaction.contrasts] == [{"a": "z", "b": "q"}]


def test_goes_to_json_and_back(lab, judge):
    spec = lab.spec("factorial", 6, a=["0", "1"], b=["0", "1"])
    points = lab.crossed(spec)
    (interaction,), _ = judge(spec, points, planted(points, "a", "b"))
    assert interaction.notable
    assert msgspec.json.decode(msgspec.json.encode(interaction), type=Interaction) == interaction
