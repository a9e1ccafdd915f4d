import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from ablate.analysis.statistics.proportion import proportion


@pytest.mark.parametrize("n", [1, 2, 5, 10, 37])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_intervals_agree_with_scipy_and_statsmodels(n, level):
    for k in range(n + 1):
        ours = proportion(k, n, level=level)
        theirs = stats.binomtest(k, n).proportion_ci(level, method="exact")
        assert (ours.k, ours.n) == (k, n)
        assert ours.interval.value == k / n
        bounds = ours.interval.low, ours.interval.high
        assert bounds == pytest.approx((theirs.low, theirs.high), abs=1e-9)
        assert bounds == pytest.approx(proportion_confint(k, n, 1 - level, method="beta"), abs=1e-9)
        assert (ours.interval.level, ours.interval.method) == (level, "clopper-pearson")


def test_the_ends_are_closed():
    assert proportion(0, 5).interval.low == 0.0
    assert proportion(5, 5).interval.high == 1.0


def test_nothing_of_nothing_has_no_interval():
    assert proportion(0, 0).interval is None
