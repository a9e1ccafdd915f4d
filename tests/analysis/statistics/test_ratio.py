import numpy as np
import pytest
from scipy import optimize, stats

from ablate.analysis.statistics.ratio import ratio_interval


def interval(top, bottom, level):
    return ratio_interval(
        float(np.mean(top)),
        float(np.mean(bottom)),
        sds=(float(np.std(top, ddof=1)), float(np.std(bottom, ddof=1))),
        correlation=float(np.corrcoef(top, bottom)[0, 1]),
        n=len(top),
        level=level,
    )


@pytest.mark.parametrize("level", [0.8, 0.9, 0.99])
def test_the_ends_are_the_ratios_that_scipys_t_test_just_keeps(level):
    rng = np.random.default_rng(3)
    bottom = rng.normal(0.8, 0.03, 9)
    top = 0.4 * (bottom - 0.8) + rng.normal(-0.05, 0.02, 9)
    found = interval(top, bottom, level)
    assert found.value == pytest.approx(np.mean(top) / np.mean(bottom))

    def excess(rho):
        return stats.ttest_1samp(top - rho * bottom, 0).pvalue - (1 - level)

    ends = optimize.brentq(excess, found.value - 1, found.value), optimize.brentq(excess, found.value, found.value + 1)
    assert (found.low, found.high) == pytest.approx(ends, rel=1e-9)


def test_a_denominator_that_may_be_0_leaves_no_ends():
    bottom = np.array([-0.9, 1.0, 0.8, -0.7, 0.3])
    found = interval(bottom + np.array([0.1, 0.2, -0.1, 0.0, 0.1]), bottom, 0.9)
    assert (found.low, found.high) == (None, None)
