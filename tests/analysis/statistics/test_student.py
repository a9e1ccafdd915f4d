import math
import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from ablate.analysis.statistics.student import sd, t_interval, t_test, welch_interval

numbers = st.floats(-1e3, 1e3, allow_nan=False).map(lambda x: round(x, 6))
samples = st.lists(numbers, min_size=3, max_size=30)


@given(samples, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
@settings(deadline=None, max_examples=100)
def test_interval_and_test_agree_with_scipy(sample, level):
    values = np.array(sample)
    assume(np.ptp(values) > 1e-3)
    theirs = stats.ttest_1samp(values, 0.0)
    bounds = theirs.confidence_interval(level)
    ours = t_interval(values, level=level)
    t, p = t_test(values)
    assert (t, p) == pytest.approx((theirs.statistic, theirs.pvalue), rel=1e-9, abs=1e-12)
    assert (ours.low, ours.high) == pytest.approx((bounds.low, bounds.high), rel=1e-9, abs=1e-9)
    assert ours.value == pytest.approx(np.mean(values))
    assert (ours.level, ours.method) == (level, "t")


@given(samples, samples, st.sampled_from([0.9, 0.95]))
@settings(deadline=None, max_examples=100)
def test_welch_agrees_with_scipy(one, other, level):
    a, b = np.array(one), np.array(other)
    assume(np.ptp(a) > 1e-3 and np.ptp(b) > 1e-3)
    theirs = stats.ttest_ind(a, b, equal_var=False).confidence_interval(level)
    ours = welch_interval(a, b, level=level)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=1e-8, abs=1e-8)
    assert ours.method == "welch"


@pytest.mark.parametrize("values", [[0.3], [0.3, 0.5], [0.1, 0.1, 0.1], [1 / 3] * 7])
def test_too_few_or_equal_values_carry_no_interval(values):
    interval = t_interval(np.array(values))
    assert interval.value == pytest.approx(np.mean(values))
    assert (interval.low, interval.high) == (None, None)


def test_equality_goes_by_the_tolerance():
    values = np.array([0.5, 0.5 + 1e-9, 0.5 - 1e-9])
    assert t_interval(values).low is not None
    assert t_interval(values, tolerance=1e-8).low is None


def test_sd_of_equal_values_is_exactly_zero():
    assert sd(np.array([0.1, 0.1, 0.1])) == 0.0


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_extreme_magnitudes_neither_overflow_nor_underflow(scale):
    a, b = np.array([1.0, 2.0, 4.0, 3.0]), np.array([1.5, 0.5, 2.5, 1.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scaled, plain = welch_interval(a * scale, b * scale), welch_interval(a, b)
        t, p = t_test((a - b) * scale)
    assert scaled.low == pytest.approx(plain.low * scale)
    assert (t, p) == pytest.approx(t_test(a - b))
    assert math.isfinite(scaled.high)


def test_ninety_five_per_cent_intervals_at_n_5_cover_95_per_cent():
    studies = 4000
    draws = np.random.default_rng(20240501).normal(0.7, 2.0, size=(studies, 5))
    intervals = [t_interval(row) for row in draws]
    covered = np.mean([i.low <= 0.7 <= i.high for i in intervals])
    assert abs(covered - 0.95) < 3 * math.sqrt(0.95 * 0.05 / studies)
