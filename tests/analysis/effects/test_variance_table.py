import itertools
import json

import msgspec
import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from statsmodels.stats.anova import anova_lm

from ablate.analysis.effects.variance_table import variance_table
from ablate.analysis.outcomes.outcome import outcomes
from ablate.analysis.outcomes.scoring import score
from ablate.analysis.summary import VarianceTable

# Montgomery, Design and Analysis of Experiments, example 6.1.
TOOL_LIFE = [[22, 31, 25], [44, 45, 38], [35, 34, 50], [60, 50, 54], [32, 43, 29], [40, 37, 36], [55, 47, 46]]
TOOL_LIFE = np.array([*TOOL_LIFE, [39, 41, 47]], dtype=float)


@pytest.fixture
def scores(lab):
    def of(spec, points, values):
        return score(outcomes(spec, points, lab.records(spec, points, values)), spec.response).values

    return of


def sources(table):
    return {source.name: source for source in table.effects}


def contrast_columns(index, size):
    """Sum-to-zero columns of one factor: level i against the last."""
    return np.vstack([np.eye(size - 1), -np.ones(size - 1)])[index]


def design_matrices(points, names, replicates):
    """One block of columns per term, rows by design point, then replicate."""
    levels = {name: sorted({p.levels[name] for p in points}) for name in names}
    coded = {
        name: np.repeat(
            contrast_columns([levels[name].index(p.levels[name]) for p in points], len(levels[name])),
            replicates,
            axis=0,
        )
        for name in names
    }
    blocks = {"replicate": contrast_columns(np.tile(np.arange(replicates), len(points)), replicates)}
    for order in range(1, len(names) + 1):
        for effect in itertools.combinations(names, order):
            columns = np.ones((len(points) * replicates, 1))
            for name in effect:
                columns = np.einsum("ni,nj->nij", columns, coded[name]).reshape(len(columns), -1)
            blocks["·".join(effect)] = columns
    return blocks


def fit(y, blocks):
    return sm.OLS(y, np.column_stack([np.ones(len(y)), *blocks])).fit()


cases = st.tuples(
    st.lists(st.integers(2, 3), min_size=1, max_size=3), st.integers(2, 6), st.integers(0, 2**32), st.booleans()
)


@given(cases, st.sampled_from([None, 1, 2]))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_agrees_with_statsmodels(lab, case, pool_above):
    sizes, replicates, seed, offset = case
    names = ["C", "Q", "np"][: len(sizes)]  # each means something to a formula parser
    spec = lab.spec(
        "factorial", replicates, **{n: [f"{n}{i}" for i in range(k)] for n, k in zip(names, sizes, strict=True)}
    )
    rng = np.random.default_rng(seed)
    points = [lab.crossed(spec)[row] for row in rng.permutation(int(np.prod(sizes)))]
    y = rng.normal(size=(len(points), replicates)) + rng.normal(size=(len(points), 1)) + 1000 * offset
    table = variance_table(spec, points, y, pool_above=pool_above)
    blocks = design_matrices(points, names, replicates)
    kept = {name: b for name, b in blocks.items() if pool_above is None or name.count("·") < pool_above}
    full = fit(y.ravel(), kept.values())
    assert table.pooled == tuple(name for name in blocks if name not in kept)
    assert (table.residual.ss, table.residual.df) == pytest.approx((full.ssr, full.df_resid))
    assert (table.ss, table.df) == pytest.approx((full.centered_tss, y.size - 1))
    ours = {"replicate": table.replicate, **sources(table)}
    assert list(ours) == list(kept)
    for name, source in ours.items():
        without = fit(y.ravel(), [b for other, b in kept.items() if other != name])
        theirs = anova_lm(without, full)
        assert source.ss == pytest.approx(theirs["ss_diff"][1], rel=1e-6, abs=1e-9)
        assert source.df == theirs["df_diff"][1]
        assert source.f == pytest.approx(theirs["F"][1], rel=1e-6, abs=1e-9)
        if replicates >= 5:
            assert source.p == pytest.approx(theirs["Pr(>F)"][1], rel=1e-6)
        else:
            assert source.p is None
        assert source.share == pytest.approx(source.ss / full.centered_tss)
        if name == "replicate":
            assert (source.factors, source.omega_squared) == ((), None)
        else:
            omega = (source.ss - source.df * full.mse_resid) / (full.centered_tss + full.mse_resid)
            assert source.omega_squared == pytest.approx(max(0, omega), abs=1e-9)
            assert source.factors == tuple(name.split("·"))
    everything = [*ours.values(), table.residual]
    assert sum(s.share for s in everything) == pytest.approx(1)
    assert sum(s.noise_share for s in everything) == pytest.approx(1)


def test_montgomery_6_1(lab):
    spec = lab.spec("factorial", 3, A=["-", "+"], B=["-", "+"], C=["-", "+"])
    table = variance_table(spec, lab.crossed(spec), TOOL_LIFE)
    assert sum(s.ss for s in table.effects) == pytest.approx(1612.67, abs=5e-3)
    assert table.replicate.ss == pytest.approx(0.5833, abs=5e-5)
    assert table.residual.mean_square == pytest.approx(34.4345, abs=5e-5)
    assert sources(table)["A·C"].f == pytest.approx(468.1667 / 34.4345, abs=1e-4)
    assert [s.p for s in table.effects] == [None] * 7


def test_pure_noise_has_the_share_that_it_should(lab):
    spec = lab.spec("factorial", 4, a=["0", "1", "2"], b=["0", "1"])
    rng, points = np.random.default_rng(8), lab.crossed(spec)
    tables = [variance_table(spec, points, rng.normal(size=(6, 4))) for _ in range(400)]
    for position in range(3):
        shares = [table.effects[position].share for table in tables]
        expected = tables[0].effects[position].noise_share
        assert np.mean(shares) == pytest.approx(expected, abs=4 * np.std(shares) / 20)


def test_with_one_factor_f_is_the_paired_t_squared(lab, contrast):
    values = [[0.5, 0.6, 0.7, 0.4, 0.5, 0.45], [0.6, 0.8, 0.7, 0.5, 0.9, 0.55]]
    for design in ("factorial", "one_at_a_time"):
        spec = lab.spec(design, 6, C=["x", "y"])
        points = lab.crossed(spec)
        table = variance_table(spec, points, np.array(values))
        paired = contrast(lab.summarise(spec, points, values), "C").paired
        assert [s.name for s in table.effects] == ["C"]
        assert table.effects[0].f == pytest.approx(paired.t**2)
        assert table.effects[0].p == pytest.approx(paired.p)


def test_planted_effects_are_recovered_from_records(lab, scores):
    spec = lab.spec("factorial", 8, a=["0", "1"], b=["0", "1", "2"], c=["0", "1"])
    points, rng = lab.crossed(spec), np.random.default_rng(3)
    blocks = rng.normal(size=8)
    values = [
        (
            2.0 * (p.levels["a"] == "1")
            + 3.0 * (p.levels["b"] == "2") * (p.levels["c"] == "1")
            + blocks
            + 0.3 * rng.normal(size=8)
        ).tolist()
        for p in points
    ]
    table = sources(variance_table(spec, points, scores(spec, points, values)))
    # By arithmetic: a explains 1, b·c (b = 2 with c = 1) 9/18 · 1, and b and c what it averages to.
    assert {name for name, s in table.items() if s.p < 1e-3} == {"a", "b", "c", "b·c"}
    assert all(s.share > 5 * s.noise_share for name, s in table.items() if name in ("a", "b", "c", "b·c"))
    noise = [s for name, s in table.items() if name not in ("a", "b", "c", "b·c")]
    assert all(s.omega_squared < 0.005 for s in noise)
    assert table["a"].ss == pytest.approx(96 * 1.0, rel=0.1)
    assert table["b·c"].ss == pytest.approx(96 * 0.5, rel=0.15)


def test_a_replicate_that_lacks_a_trial_is_left_out_whole(lab, scores):
    spec = lab.spec("factorial", 5, a=["0", "1"], b=["0", "1"])
    points, y = lab.crossed(spec), np.random.default_rng(0).normal(size=(4, 5))
    values = y.tolist()
    values[2][1], values[3][3] = lab.FAILED, lab.ABSENT
    table = variance_table(spec, points, scores(spec, points, values))
    assert (table.replicates, table.dropped) == ((0, 2, 4), 2)
    whole = variance_table(spec, points, y[:, [0, 2, 4]])
    assert table.effects == whole.effects
    assert table.residual == whole.residual


def test_a_diverged_trial_counts_with_its_score(lab, scores):
    spec = lab.spec("factorial", 5, a=["0", "1"], b=["0", "1"])
    points, y = lab.crossed(spec), np.random.default_rng(0).uniform(size=(4, 5))
    values = y.tolist()
    values[2][1] = lab.DIVERGED
    y[2, 1] = 0.1
    table = variance_table(spec, points, scores(spec, points, values))
    assert table.dropped == 0
    assert table == variance_table(spec, points, y)


def test_one_replicate_has_shares_and_no_error(lab):
    spec = lab.spec("factorial", 1, a=["0", "1"], b=["0", "1"], C=["0", "1"])
    points, y = lab.crossed(spec), TOOL_LIFE[:, :1]
    table = variance_table(spec, points, y)
    assert (table.replicate, table.residual, table.df) == (None, None, 7)
    assert {(s.f, s.p, s.omega_squared) for s in table.effects} == {(None, None, None)}
    assert sum(s.share for s in table.effects) == pytest.approx(1)
    pooled = variance_table(spec, points, y, pool_above=1)
    assert pooled.pooled == ("a·b", "a·C", "b·C", "a·b·C")
    assert pooled.residual.df == 4
    assert pooled.residual.ss == pytest.approx(sum(s.ss for s in table.effects[3:]))
    assert [s.f is not None and s.p is None for s in pooled.effects] == [True] * 3


def test_why_there_is_none(lab):
    spec = lab.spec("factorial", 3, a=["0", "1"], b=["0", "1"])
    points, y = lab.crossed(spec), np.random.default_rng(0).normal(size=(4, 3))
    assert "the 3 design points are not a complete crossing" in variance_table(spec, points[:3], y[:3])
    one = lab.spec("one_at_a_time", 3, a=["0", "1"], b=["0", "1"])
    assert "not a complete crossing" in variance_table(one, points[:3], y[:3])
    holes = np.where(np.eye(4, 3, dtype=bool), np.nan, y)
    assert "no replicate has all its trials" in variance_table(spec, points, holes)
    assert "all responses are equal" in variance_table(spec, points, np.full((4, 3), 0.9))
    assert "all responses are equal" in variance_table(spec, points, np.full((4, 3), 0.9) + 1e-8 * y)
    assert "all responses are equal" in variance_table(spec, points, np.zeros((4, 3)))
    assert "too large to square" in variance_table(spec, points, y * 1e200)


def test_a_level_left_out_everywhere_leaves_a_complete_crossing(lab):
    spec = lab.spec("factorial", 3, a=["0", "1", "2"], b=["0", "1"])
    points = [p for p in lab.crossed(spec) if p.levels["a"] != "1"]
    table = variance_table(spec, points, np.random.default_rng(0).normal(size=(4, 3)))
    assert [(s.name, s.df) for s in table.effects] == [("a", 1), ("b", 1), ("a·b", 1)]


def test_trainings_that_repeat_exactly_leave_no_error(lab):
    spec = lab.spec("factorial", 5, a=["0", "1"], b=["0", "1"])
    cells = np.array([[0.5], [0.7], [0.61], [0.9]])
    y = (np.repeat(cells, 5, axis=1) + np.array([0.0, 0.01, 0.02, 0.03, 0.05])).astype(np.float32).astype(float)
    table = variance_table(spec, lab.crossed(spec), y)
    assert {(s.f, s.p, s.omega_squared) for s in (table.replicate, *table.effects)} == {(None, None, None)}
    assert table.residual.share == pytest.approx(0, abs=1e-10)


def test_an_enormous_loss_overflows_nothing(lab):
    spec = lab.spec("factorial", 5, a=["0", "1"], b=["0", "1"])
    y = np.random.default_rng(0).normal(size=(4, 5))
    y[0, 0] = 3e38
    table = variance_table(spec, lab.crossed(spec), y)
    assert np.isfinite([table.ss, table.residual.ss, *(s.f for s in table.effects)]).all()


def test_a_fraction_lists_each_column_once(lab):
    spec = lab.spec("fractional", 6, **{name: ["0", "1"] for name in "abcd"})
    points = [p for p in lab.crossed(spec) if sum(map(int, p.levels.values())) % 2 == 0]
    y = np.random.default_rng(1).normal(size=(8, 6)) + 1e4
    table = variance_table(spec, points, y)
    assert [s.name for s in table.effects] == ["a", "b", "c", "d", "a·b", "a·c", "a·d"]
    assert [s.aliases for s in table.effects][3:] == ["", "a·b = c·d", "a·c = b·d", "a·d = b·c"]
    every = design_matrices(points, "abcd", 6)
    blocks = {name: every[name] for name in ("replicate", *sources(table))}
    full = fit(y.ravel(), blocks.values())
    assert table.residual.ss == pytest.approx(full.ssr)
    for name, source in sources(table).items():
        theirs = anova_lm(fit(y.ravel(), [b for other, b in blocks.items() if other != name]), full)
        assert (source.ss, source.f, source.p) == pytest.approx(
            (theirs["ss_diff"][1], theirs["F"][1], theirs["Pr(>F)"][1]), rel=1e-5
        )
    pooled = variance_table(spec, points, y, pool_above=1)
    assert pooled.pooled == ("a·b", "a·c", "a·d")
    assert pooled.residual.df == 35 + 3


def test_a_constant_added_to_a_fraction_changes_nothing(lab):
    spec = lab.spec("fractional", 6, **{name: ["0", "1"] for name in "abcd"})
    points = [p for p in lab.crossed(spec) if sum(map(int, p.levels.values())) % 2 == 0]
    y = np.random.default_rng(1).integers(0, 64, size=(8, 6)) / 64  # of which no digit is lost
    here, there = (variance_table(spec, points, y + constant) for constant in (0, 2.0**18))
    assert [s.ss for s in there.effects] == pytest.approx([s.ss for s in here.effects], rel=1e-13)


def test_goes_to_json_and_back(lab):
    spec = lab.spec("factorial", 3, a=["0", "1"], b=["0", "1"])
    table = variance_table(spec, lab.crossed(spec), np.random.default_rng(0).normal(size=(4, 3)), pool_above=1)
    there = msgspec.json.encode(table)
    assert json.loads(there)["pooled"] == ["a·b"]
    assert msgspec.json.decode(there, type=VarianceTable) == table
