import numpy as np
import pytest

from ablate.analysis.effects.lenth import lenth, pseudo_standard_error

PUBLISHED = {"A": -12, "B": -1, "A·B": 4, "C": -1, "A·C": 6, "B·C": -1, "A·B·C": -5}


def responses(points, effects, reference="-"):
    """One replicate whose effects are these, no more and no less."""
    y = np.zeros(len(points))
    for name, effect in effects.items():
        y += effect / 2 * np.prod([[1 if p.levels[f] != reference else -1 for f in name.split("·")] for p in points], 1)
    return y[:, None]


@pytest.fixture
def cube(lab):
    spec = lab.spec("factorial", replicates=1, **{name: ["-", "+"] for name in "ABC"})
    return spec, lab.crossed(spec)


def test_published_effects(cube):
    spec, points = cube
    found = lenth(spec, points, 50 + responses(points, PUBLISHED))
    assert {effect.name: effect.value for effect in found.effects} == pytest.approx(PUBLISHED)
    assert found.pse == pytest.approx(6.0)
    assert found.margin == pytest.approx(22.58, abs=5e-3)
    assert found.simultaneous_margin == pytest.approx(54.05, abs=5e-3)
    assert found.df == pytest.approx(7 / 3)
    assert not any(effect.beyond_margin for effect in found.effects)


def test_large_effects_do_not_count_as_noise():
    # Median size 3, so 4.5; beyond 11.25 are 40 and 20; of the others the median is 2.
    assert pseudo_standard_error([40, -20, 4, -3, 2, 1, -1]) == pytest.approx(1.5 * 2)


def test_a_planted_effect_stands_out(cube):
    spec, points = cube
    # Median size 3, so PSE 4.5 whatever the two large ones are: ME 16.9, SME 40.5.
    found = lenth(spec, points, responses(points, dict.fromkeys(PUBLISHED, 3) | {"A": 30, "A·C": -400}))
    beyond = {e.name: (e.beyond_margin, e.beyond_simultaneous_margin) for e in found.effects}
    assert beyond["A·C"] == (True, True)
    assert beyond["A"] == (True, False)
    assert sum(margin for margin, _ in beyond.values()) == 2


def test_noise_is_rarely_beyond_the_margins(lab):
    spec = lab.spec("factorial", replicates=1, **{name: ["-", "+"] for name in "ABCD"})
    points, rng = lab.crossed(spec), np.random.default_rng(3)
    found = [lenth(spec, points, rng.normal(size=(16, 1))) for _ in range(300)]
    assert found[0].margin / found[0].pse == pytest.approx(2.571, abs=5e-4)  # Lenth's table, 15 effects
    assert found[0].simultaneous_margin / found[0].pse == pytest.approx(5.219, abs=5e-4)
    each = np.mean([effect.beyond_margin for result in found for effect in result.effects])
    any_at_all = np.mean([any(e.beyond_simultaneous_margin for e in result.effects) for result in found])
    # The t quantiles are an approximation, and Lenth's own simulations have them on the safe side.
    assert 0.02 < each < 0.06
    assert any_at_all < 0.09


def test_the_columns_of_a_fraction(lab):
    names = "abcd"
    spec = lab.spec("fractional", replicates=1, **{name: ["0", "1"] for name in names})
    half = [p for p in lab.crossed(spec) if sum(map(int, p.levels.values())) % 2 == 0]
    effects = dict(zip(("a", "b", "c", "d", "a·b", "a·c", "a·d"), (8, 1, -2, 1, 3, -1, 2), strict=True))
    found = lenth(spec, half, responses(half, effects, "0"))
    assert {e.name: e.value for e in found.effects} == pytest.approx(effects)
    assert [e.aliases for e in found.effects][4:] == ["a·b = c·d", "a·c = b·d", "a·d = b·c"]


def test_why_there_is_none(lab, cube):
    spec, points = cube
    y = responses(points, PUBLISHED)
    takes = "takes one replicate of a two-level design with at least 7 effects"
    assert takes in lenth(spec, points, np.repeat(y, 2, axis=1))
    assert takes in lenth(spec, points[:-1], y[:-1])
    small = lab.spec("factorial", replicates=1, a=["-", "+"], b=["-", "+"])
    assert takes in lenth(small, lab.crossed(small), y[:4])
    levels = lab.spec("factorial", replicates=1, a=["-", "+", "*"], b=["-", "+"], c=["-", "+"])
    assert takes in lenth(levels, lab.crossed(levels), np.arange(12.0)[:, None])
    missing = y.copy()
    missing[3] = np.nan
    assert "has no response" in lenth(spec, points, missing)
    assert "no noise to go by" in lenth(spec, points, responses(points, {"A": 3.0}) + 0.1)
    assert "no noise to go by" in lenth(spec, points, np.full((8, 1), 0.3))
    rounding = 1e-8 * np.random.default_rng(0).normal(size=(8, 1))
    assert "no noise to go by" in lenth(spec, points, responses(points, {"A": 0.3}) + 0.5 + rounding)


def test_the_order_of_the_points_does_not_matter(cube):
    spec, points = cube
    y = responses(points, PUBLISHED)
    order = np.random.default_rng(0).permutation(8)
    shuffled = lenth(spec, [points[row] for row in order], y[order])
    assert {e.name: e.value for e in shuffled.effects} == pytest.approx(PUBLISHED)
    assert [e.name for e in shuffled.effects] == ["A", "B", "C", "A·B", "A·C", "B·C", "A·B·C"]
