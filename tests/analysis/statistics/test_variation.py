import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablate.analysis.statistics.variation import divide, f_ratio, omega_squared, pool

SIRSTV = [
    [196.3052, 196.1240, 196.1890, 196.2569, 196.3403],
    [196.3042, 196.3825, 196.1669, 196.3257, 196.0422],
    [196.1303, 196.2005, 196.2889, 196.0343, 196.1811],
    [196.2795, 196.1748, 196.1494, 196.1485, 195.9885],
    [196.2119, 196.1051, 196.1850, 196.0052, 196.2090],
]
# In units of 1e-7, above 107.86.
ATM_WT_AG = """
    81568 81465 81572 81785 81446 81903 81526 81494 81616 81587 81519 81486
    81419 81569 81508 81672 81385 81518 81662 81424 81360 81333 81610 81477
    81079 81344 81513 81197 81604 81385 81642 81365 81151 81082 81517 81448
    81198 81482 81334 81609 81101 81512 81469 81360 81254 81261 81450 81368
"""
ATM_WT_AG = np.array([float(f"107.86{digits}") for digits in ATM_WT_AG.split()]).reshape(2, 24)
# Montgomery, Design and Analysis of Experiments, example 6.1: A, B, C, replicates.
TOOL_LIFE = np.array(
    [[22, 31, 25], [44, 45, 38], [35, 34, 50], [60, 50, 54], [32, 43, 29], [40, 37, 36], [55, 47, 46], [39, 41, 47]],
    dtype=float,
).reshape(2, 2, 2, 3)


def simon_lesage(replicates, offset=1.0):
    """NIST's SmLs sets: nine treatments about the offset + .4, values about their treatment, by −.1, +.1 in turn."""
    around = np.array([0.4] + [0.3, 0.5] * 4)
    values = [[t + e for e in [0.0] + [-0.1, 0.1] * (replicates // 2)] for t in around]
    return np.round(np.array(values), 1) + offset


def one_way(y):
    """The certified sets are of independent groups: what a block would take is noise."""
    division = divide(np.asarray(y, dtype=float))
    return division.effects[(0,)], pool([division.replicate, division.error])


def log_relative_error(value, certified):
    return 15.0 if value == certified else -math.log10(abs(value - certified) / abs(certified))


@pytest.mark.parametrize(
    ("y", "between", "within", "f", "digits"),
    [
        (SIRSTV, 5.11462616000000e-2, 2.16636560000000e-1, 1.18046237440255, 12),
        (simon_lesage(21), 1.68, 1.8, 21.0, 12),
        (simon_lesage(2001), 160.08, 180.0, 2001.0, 12),
        # Of these, double precision holds no more digits than that.
        (ATM_WT_AG, 3.63834187500000e-9, 1.04951729166667e-8, 15.9467335677930, 8),
        (simon_lesage(21, 1e6), 1.68, 1.8, 21.0, 8),
        (simon_lesage(2001, 1e12), 160.08, 180.0, 2001.0, 2),
    ],
    ids=["SiRstv", "SmLs01", "SmLs03", "AtmWtAg", "SmLs04", "SmLs09"],
)
def test_certified_values_of_nist(y, between, within, f, digits):
    effect, error = one_way(y)
    assert log_relative_error(effect.ss, between) >= digits
    assert log_relative_error(error.ss, within) >= digits
    assert log_relative_error(f_ratio(effect, error), f) >= digits
    assert (effect.df, error.df) == (len(y) - 1, np.size(y) - len(y))


def test_montgomery_6_1():
    division = divide(TOOL_LIFE)
    model = pool(division.effects.values())
    assert model.ss == pytest.approx(1612.67, abs=5e-3)
    assert f_ratio(model, pool([division.replicate, division.error])) == pytest.approx(7.64, abs=5e-3)
    assert division.replicate.ss == pytest.approx(0.5833, abs=5e-5)
    assert division.error.ss / division.error.df == pytest.approx(34.4345, abs=5e-5)
    published = {(0,): 0.67, (1,): 770.67, (2,): 280.17, (0, 1): 16.67, (0, 2): 468.17, (1, 2): 48.17, (0, 1, 2): 28.17}
    assert {axes: round(part.ss, 2) for axes, part in division.effects.items()} == published


shapes = st.tuples(st.lists(st.integers(2, 4), min_size=1, max_size=4), st.integers(1, 6))


@given(shapes, st.integers(0, 2**32), st.sampled_from([0.0, 1e4, -1e6]))
@settings(deadline=None, max_examples=60)
def test_the_parts_add_up_to_the_whole(shape, seed, offset):
    levels, replicates = shape
    y = np.random.default_rng(seed).normal(size=(*levels, replicates)) + offset
    division = divide(y)
    parts = pool([division.replicate, *division.effects.values(), division.error])
    assert parts.df == division.total.df == y.size - 1
    assert parts.ss == pytest.approx(division.total.ss, rel=1e-9)
    assert division.total.ss == pytest.approx(np.var(y) * y.size, rel=1e-6)
    assert len(division.effects) == 2 ** len(levels) - 1
    orders = [len(axes) for axes in division.effects]
    assert orders == sorted(orders)


def test_omega_squared_is_unbiased_enough_and_never_negative():
    rng, sd = np.random.default_rng(5), 1.0
    found = []
    for _ in range(300):
        y = sd * rng.normal(size=(2, 10)) + np.array([[0.0], [1.0]])
        division = divide(y)
        found.append(omega_squared(division.effects[(0,)], error=division.error, total=division.total))
    # The effect's variance is 1/4, the noise's 1.
    assert np.mean(found) == pytest.approx(0.25 / 1.25, abs=0.03)
    assert min(found) >= 0
    flat = divide(np.array([[1.0, 2.0, 3.0, 4.0], [2.0, 1.0, 4.0, 3.0]]))
    assert omega_squared(flat.effects[(0,)], error=flat.error, total=flat.total) == 0.0
