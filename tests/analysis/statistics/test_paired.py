import math
import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.weightstats import DescrStatsW

from ablate.analysis.statistics.paired import paired

DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
SLEEP_1 = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SLEEP_2 = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
NAN = float("nan")


def compare(arm, reference, better="higher", **more):
    return paired(arm, reference, better=better, rng=np.random.default_rng(0), **more)


def test_darwins_maize():
    result = compare(DARWIN, [0] * 15)
    assert result.t == pytest.approx(2.1480, abs=5e-5)
    assert result.p == pytest.approx(0.049703, abs=5e-7)
    assert result.sign_flip.p == 1726 / 32768
    assert (result.wins, result.ties, result.losses) == (13, 0, 2)


def test_sleep_as_in_r():
    result = compare(SLEEP_1, SLEEP_2)
    assert result.t == pytest.approx(-4.0621, abs=5e-5)
    assert result.p == pytest.approx(0.0028329, abs=5e-8)
    interval = result.difference.low, result.difference.high
    assert interval == pytest.approx((-2.45989, -0.70011), abs=2e-5)
    assert (result.wins, result.ties, result.losses) == (0, 1, 9)
    assert (result.superiority.k, result.superiority.n) == (0, 9)


numbers = st.floats(-100, 100, allow_nan=False).map(lambda x: round(x, 4))


@given(st.lists(st.tuples(numbers, numbers), min_size=5, max_size=25), st.sampled_from([0.9, 0.95]))
@settings(deadline=None, max_examples=100)
def test_agrees_with_scipy_and_statsmodels(pairs, level):
    arm, reference = np.array(pairs).T
    d = arm - reference
    assume(np.ptp(d) > 1e-3 and np.ptp(arm) > 1e-3 and np.ptp(reference) > 1e-3)
    result = compare(arm, reference, level=level)
    theirs = stats.ttest_rel(arm, reference)
    assert (result.t, result.p) == pytest.approx((theirs.statistic, theirs.pvalue), rel=1e-8, abs=1e-12)
    bounds = DescrStatsW(d).tconfint_mean(1 - level)
    assert (result.difference.low, result.difference.high) == pytest.approx(bounds, rel=1e-8, abs=1e-8)
    assert result.sd == pytest.approx(np.std(d, ddof=1), rel=1e-9)
    assert result.correlation == pytest.approx(stats.pearsonr(arm, reference).statistic, abs=1e-8)
    assert (result.mean_arm, result.mean_reference) == pytest.approx((arm.mean(), reference.mean()), abs=1e-9)
    assert result.wins + result.ties + result.losses == len(pairs)
    if result.welch is not None:
        welch = stats.ttest_ind(arm, reference, equal_var=False).confidence_interval(level)
        assert (result.welch.low, result.welch.high) == pytest.approx((welch.low, welch.high), rel=1e-7, abs=1e-7)
    assert (result.welch is not None) == (result.correlation < 0)


def test_one_replicate_has_a_value():
    result = compare([0.9], [0.8])
    assert result.n == 1
    assert result.differences == pytest.approx((0.1,))
    assert result.difference.value == pytest.approx(0.1)
    assert (result.difference.low, result.difference.high) == (None, None)
    carried = result.sd, result.correlation, result.t, result.p, result.sign_flip, result.detectable
    assert carried == (None,) * 6
    assert result.superiority.interval is None
    assert not result.identical


def test_two_replicates_have_both_values():
    result = compare([0.9, 0.85], [0.8, 0.9])
    assert result.differences == pytest.approx((0.1, -0.05))
    assert result.difference.low is None
    carried = (
        result.sd,
        result.correlation,
        result.t,
        result.p,
        result.sign_flip,
        result.detectable,
        result.welch,
    )
    assert carried == (None,) * 7
    assert result.superiority.interval is None


@pytest.mark.parametrize("n", [3, 4])
def test_three_and_four_have_an_interval_and_no_p(n):
    arm, reference = [0.9, 0.85, 0.95, 0.99][:n], [0.8, 0.9, 0.91, 0.93][:n]
    result = compare(arm, reference)
    bounds = stats.ttest_rel(arm, reference).confidence_interval(0.95)
    assert (result.difference.low, result.difference.high) == pytest.approx((bounds.low, bounds.high))
    assert result.sd is not None
    assert result.correlation is not None
    assert result.superiority.interval is not None
    assert (result.t, result.p, result.sign_flip, result.detectable) == (None,) * 4


def test_five_have_p_floor_and_detectable_effect():
    result = compare([5, 4, 6, 9, 3], [1, 2, 3, 1, 1])
    assert result.p is not None
    assert result.sign_flip.p == result.sign_flip.floor == 0.0625
    assert result.detectable == pytest.approx(1.68 * np.std([4, 2, 3, 8, 2], ddof=1), rel=3e-3)


def test_a_missing_partner_never_shifts_a_block():
    arm = [10.0, NAN, 30.0, 41.0, 50.0, NAN, 72.0, 80.0]
    reference = [11.0, 20.0, 30.5, NAN, 51.0, NAN, 70.0, 80.1]
    result = compare(arm, reference, replicates=[3, 4, 5, 6, 7, 8, 9, 10])
    assert result.replicates == (3, 5, 7, 9, 10)
    assert result.differences == pytest.approx((-1, -0.5, -1, 2, -0.1))
    assert (result.n, result.dropped) == (5, 3)
    assert result.mean_arm == pytest.approx(np.mean([10, 30, 50, 72, 80]))


def test_no_pair_at_all():
    result = compare([1.0, NAN], [NAN, 2.0])
    assert (result.n, result.dropped, result.differences) == (0, 2, ())
    assert (result.mean_arm, result.mean_reference, result.difference, result.p) == (None,) * 4
    assert (result.superiority.k, result.superiority.n, result.superiority.interval) == (0, 0, None)
    assert not result.identical


def test_wins_go_by_what_is_better_and_differences_do_not():
    arm, reference = [1.0, 2.0, 3.0, 4.0, 5.0], [2.0, 3.0, 3.0, 5.0, 4.0]
    higher, lower = compare(arm, reference, "higher"), compare(arm, reference, "lower")
    assert (higher.wins, higher.ties, higher.losses) == (1, 1, 3)
    assert (lower.wins, lower.ties, lower.losses) == (3, 1, 1)
    assert higher.differences == lower.differences
    assert (higher.superiority.k, lower.superiority.k) == (1, 3)
    assert higher.superiority.n == lower.superiority.n == 4


def test_a_negative_correlation_brings_welch():
    arm, reference = [1.0, 2.0, 3.0, 4.0, 6.0], [9.0, 7.0, 6.5, 5.0, 4.0]
    result = compare(arm, reference)
    theirs = stats.ttest_ind(arm, reference, equal_var=False).confidence_interval(0.95)
    assert result.correlation < 0
    assert (result.welch.low, result.welch.high) == pytest.approx((theirs.low, theirs.high))
    assert result.p == pytest.approx(stats.ttest_rel(arm, reference).pvalue)
    assert compare(arm, reference[::-1]).welch is None


@pytest.mark.parametrize("shift", [0.0, 0.1, -3.0])
@pytest.mark.parametrize("n", [2, 5, 8, 20])
def test_equal_differences_have_no_p(shift, n):
    reference = np.random.default_rng(1).uniform(0.3, 0.9, n)
    result = compare(reference + shift, reference)
    assert result.identical
    assert (result.t, result.p, result.sign_flip, result.detectable) == (None,) * 4
    assert result.difference.value == pytest.approx(shift)
    assert result.difference.low is None
    assert result.sd == (0.0 if n > 2 else None)


def test_equal_differences_in_single_precision_are_equal():
    correct = np.array([812, 640, 731, 905, 877])
    arm, reference = ((correct + k).astype(np.float32) / np.float32(1000) for k in (10, 0))
    assert len(set((arm.astype(float) - reference.astype(float)).tolist())) > 1
    assert compare(arm, reference).identical


def test_ties_in_single_precision_are_the_brute_force_ones():
    rng = np.random.default_rng(4)
    for _ in range(40):
        reference = rng.integers(500, 900, 6)
        arm = reference + rng.integers(-3, 5, 6)
        single = [(side.astype(np.float32) / np.float32(1000)).astype(float) for side in (arm, reference)]
        assert compare(*single).sign_flip == compare(arm, reference).sign_flip


def test_a_pair_that_differs_by_rounding_is_a_tie_to_every_count():
    arm, reference = [0.5 + 1e-8, 0.6, 0.7, 0.8, 0.9], [0.5, 0.5, 0.5, 0.5, 0.5]
    result = compare(arm, reference)
    assert (result.wins, result.ties, result.losses) == (4, 1, 0)
    assert result.sign_flip.floor == 0.125


def test_pairs_that_differ_by_rounding_alone_are_identical():
    reference = np.array([0.5, 0.6, 0.7, 0.8, 0.9])
    arm = reference * (1 + 2e-7 * np.array([1, -1, 1, -1, 1]))
    result = compare(arm, reference)
    assert result.identical
    assert (result.ties, result.p, result.difference.low) == (5, None, None)


def test_a_constant_arm_has_no_correlation():
    result = compare([1.0, 1.0, 1.0, 1.0, 1.0], [0.5, 0.6, 0.7, 0.5, 0.4])
    assert result.correlation is None
    assert result.welch is None
    assert result.p is not None


def test_one_enormous_loss_does_not_blur_the_other_pairs():
    result = compare([0.5, 0.4, 0.6, 0.5, 3e38], [0.3, 0.3, 0.3, 0.3, 0.3], "lower")
    assert (result.wins, result.ties, result.losses) == (0, 0, 5)
    assert math.isfinite(result.difference.high)


@given(st.lists(st.tuples(*[st.one_of(st.floats(allow_infinity=False), st.integers(0, 3))] * 2), max_size=9))
@settings(deadline=None, max_examples=200)
def test_no_data_set_warns_or_breaks(pairs):
    scaled = [(a / 1e10, b / 1e10) for a, b in pairs]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = compare([a for a, _ in scaled], [b for _, b in scaled])
    assert result.n + result.dropped == len(pairs)
    if result.p is not None:
        assert 0 <= result.p <= 1
        assert result.sign_flip.floor <= result.sign_flip.p <= 1


def test_intervals_of_paired_differences_cover_what_they_say():
    studies, n, rng = 2000, 5, np.random.default_rng(11)
    block = rng.normal(0, 3, (studies, n))
    arm, reference = block + rng.normal(1.5, 1, (studies, n)), block + rng.normal(1.0, 2, (studies, n))
    intervals = [compare(a, b).difference for a, b in zip(arm, reference, strict=True)]
    covered = np.mean([i.low <= 0.5 <= i.high for i in intervals])
    assert abs(covered - 0.95) < 3 * math.sqrt(0.95 * 0.05 / studies)
