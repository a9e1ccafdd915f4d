import itertools
import tracemalloc
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ablate.analysis.statistics.sign_flip import DRAWS, PIECE, _flips, sign_flip

DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]


def flip(differences, **more):
    return sign_flip(np.array(differences, dtype=float), rng=np.random.default_rng(0), **more)


def brute(differences: list[int]) -> float:
    """Every pattern of signs, zeros included, in whole numbers."""
    patterns = list(itertools.product((1, -1), repeat=len(differences)))
    sums = [sum(s * d for s, d in zip(signs, differences, strict=True)) for signs in patterns]
    return float(Fraction(sum(abs(s) >= abs(sum(differences)) for s in sums), len(patterns)))


def exact(differences: list[int]) -> float:
    """The same, by convolution: for numbers of differences that cannot be enumerated."""
    counts = Counter({0: 1})
    for d in differences:
        step: Counter[int] = Counter()
        for total, count in counts.items():
            step[total + d] += count
            step[total - d] += count
        counts = step
    extreme = sum(count for total, count in counts.items() if abs(total) >= abs(sum(differences)))
    return extreme / 2 ** len(differences)


def test_darwins_maize():
    result = flip(DARWIN)
    assert result.p == 1726 / 32768
    assert result.floor == 2 / 32768
    assert result.exact


@given(
    st.lists(st.integers(-9, 9), min_size=1, max_size=9).filter(any),
    st.sampled_from([1.0, 0.1, 1 / 3, 1e-9, 1e9]),
)
@settings(deadline=None, max_examples=150)
def test_agrees_with_brute_force_and_ties_survive_rounding(differences, unit):
    scaled = [d * unit for d in differences]
    assert flip(scaled).p == brute(differences)


@given(st.lists(st.floats(-5, 5).map(lambda x: round(x, 3)), min_size=3, max_size=8).filter(any))
@settings(deadline=None, max_examples=30)
def test_agrees_with_scipys_permutation_test(differences):
    theirs = stats.permutation_test(
        (np.array(differences),),
        lambda x, axis: np.round(np.abs(np.sum(x, axis=axis)), 9),
        permutation_type="samples",
        alternative="greater",
        n_resamples=np.inf,
        vectorized=True,
    )
    assert flip(differences).p == pytest.approx(theirs.pvalue)


@pytest.mark.parametrize("n", [2, 5, 10, 16])
def test_differences_of_one_sign_reach_the_floor(n):
    result = flip(np.arange(1, n + 1))
    assert result.p == result.floor == 2 / 2**n
    assert result.exact


def test_at_five_replicates_the_floor_is_above_five_per_cent():
    assert flip([1, 2, 3, 4, 5]).floor == 0.0625


def test_zeros_have_no_sign():
    assert flip([0, 3, 0, 1, 2, 0]) == flip([3, 1, 2])
    assert flip([0, 3, 0, 1, 2, 0]).floor == 0.25


def test_sums_within_the_slack_are_ties():
    differences = [0.3, 0.1, 0.2, -0.1 + 1e-7]
    assert flip(differences).p == brute([3000000, 1000000, 2000000, -999999]) < brute([3, 1, 2, -1])
    assert flip(differences, slack=1e-6).p == brute([3, 1, 2, -1])


def test_monte_carlo_above_sixteen_is_near_the_exact_p():
    differences = [5, 3, -2, 7, 1, -4, 6, 2, -3, 8, 1, -5, 4, 2, -1, 3, 2, -6, 5, 1]
    result, p = flip(differences), exact(differences)
    assert not result.exact
    assert abs(result.p - p) < 4 * np.sqrt(p * (1 - p) / 9999)
    assert result.p != p


def test_monte_carlo_p_is_never_zero():
    result = flip(np.arange(1, 41))
    assert result.p == result.floor == 1 / 10_000
    assert not result.exact


def test_the_rng_decides_the_patterns():
    differences = np.linspace(-1, 2, 20)
    one, same, other = (sign_flip(differences, rng=np.random.default_rng(s)).p for s in (1, 1, 2))
    assert one == same != other


def test_a_contrast_and_its_mirror_image_have_the_same_p():
    differences = np.linspace(-1, 2, 20)
    assert flip(differences) == flip(-differences)


def test_a_true_null_is_rejected_no_more_often_than_alpha():
    draws = np.random.default_rng(5).standard_normal((2000, 8))
    rng = np.random.default_rng(0)
    rejected = np.mean([sign_flip(row, rng=rng).p <= 0.05 for row in draws])
    assert rejected < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 2000)


@pytest.mark.parametrize("n", [17, 33, 1001])
def test_patterns_are_the_same_in_pieces_as_at_once(n):
    pieces = [*_flips(n, np.random.default_rng(5))]
    assert max(piece.size for piece in pieces) <= max(PIECE, 4 * n)
    whole = np.random.default_rng(5).integers(0, 2, size=(DRAWS, n), dtype=np.uint8)
    np.testing.assert_array_equal(np.concatenate(pieces), whole)


def test_many_differences_take_little_memory():
    """At once, 1000 of them would take 90 MB."""
    differences = np.random.default_rng(0).normal(0.1, 1.0, 1000)
    tracemalloc.start()
    flip(differences)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8e6
