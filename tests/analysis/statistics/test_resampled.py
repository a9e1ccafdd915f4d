import numpy as np
import pytest
from scipy import stats

from ablate.analysis.statistics.resampled import corrected_interval, corrected_test
from ablate.analysis.statistics.student import t_interval, t_test

pytestmark = pytest.mark.numeric

D = np.array([0.010, 0.020, 0.015, 0.005, 0.012])


def test_the_stated_example():
    """Values given with the method, to the digits that are given there."""
    plain, corrected = t_interval(D, level=0.9), corrected_interval(D, test_share=0.25, level=0.9)
    assert corrected.value == pytest.approx(0.0124)
    assert (plain.low, plain.high) == pytest.approx((0.007066, 0.017734), abs=5e-7)
    assert (corrected.low, corrected.high) == pytest.approx((0.004399, 0.020401), abs=5e-7)
    assert corrected_test(D, test_share=0.25) == pytest.approx((3.3040, 0.02982), abs=5e-5)


def test_without_a_test_split_it_is_the_t_interval():
    plain, corrected = t_interval(D), corrected_interval(D, test_share=0.0)
    assert (corrected.low, corrected.high) == pytest.approx((plain.low, plain.high))
    assert corrected_test(D, test_share=0.0) == pytest.approx(t_test(D))


def test_its_variance_is_that_of_correlated_differences():
    """n values with one correlation ρ: the mean has variance σ² (1/n + ρ (n−1)/n), and s² estimates σ² (1 − ρ)."""
    n, rho, rng = 6, 0.3, np.random.default_rng(0)
    shared = rng.normal(size=(2_000, 1)) * np.sqrt(rho)
    values = shared + rng.normal(size=(2_000, n)) * np.sqrt(1 - rho)
    share = rho / (1 - rho)  # for which the correction is exact
    found = [corrected_interval(row, test_share=share, level=0.9) for row in values]
    missed = np.mean([interval.low > 0 or interval.high < 0 for interval in found])
    assert stats.binomtest(round(missed * 2000), 2000, 0.1).pvalue > 1e-4
    plain = np.mean([interval.low > 0 or interval.high < 0 for interval in (t_interval(r, level=0.9) for r in values)])
    assert plain > 0.3
