import math

import numpy as np
import pytest
from scipy import integrate, stats
from statsmodels.stats.power import TTestPower

from ablate.analysis.statistics.power import detectable, fewest, power, smallest, superiority


@pytest.mark.parametrize(("n", "published"), [(5, 1.68), (8, 1.16), (10, 1.00), (20, 0.66), (30, 0.53)])
def test_detectable_effects_are_the_published_ones(n, published):
    assert round(detectable(n), 2) == published


def integrated(shift: float, n: int, alpha: float) -> float:
    """The power as an integral over the sample SD: the mean is normal, whatever the SD comes out as."""
    df = n - 1
    critical, centre = stats.t.ppf(1 - alpha / 2, df), shift * math.sqrt(n)

    def rejected(sd: float) -> float:
        tails = stats.norm.sf(critical * sd - centre) + stats.norm.cdf(-critical * sd - centre)
        return tails * stats.chi.pdf(sd, df, scale=1 / math.sqrt(df))

    return integrate.quad(rejected, 0, 1, limit=200)[0] + integrate.quad(rejected, 1, np.inf, limit=200)[0]


@pytest.mark.parametrize("n", [2, 3, 4, 5, 12])
@pytest.mark.parametrize(("alpha", "target"), [(0.05, 0.8), (0.1, 0.9), (0.01, 0.5)])
def test_detectable_effects_have_the_power_asked_for(n, alpha, target):
    shift = detectable(n, alpha=alpha, target=target)
    assert integrated(shift, n, alpha) == pytest.approx(target, abs=1e-6)


@pytest.mark.parametrize("n", [5, 9, 16, 40, 200])
@pytest.mark.parametrize(("alpha", "target"), [(0.05, 0.8), (0.1, 0.9), (0.01, 0.5)])
def test_detectable_effects_agree_with_statsmodels(n, alpha, target):
    shift = detectable(n, alpha=alpha, target=target)
    assert TTestPower().power(shift, n, alpha) == pytest.approx(target, abs=1e-6)
    assert power(shift, n, alpha=alpha) == pytest.approx(target, abs=1e-6)


def test_without_an_effect_power_is_alpha():
    assert power(0.0, 7, alpha=0.05) == pytest.approx(0.05)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 10, 30, 100, 500])
@pytest.mark.parametrize("alpha", [0.2, 0.05, 0.001])
def test_power_only_grows_with_the_effect(n, alpha):
    powers = np.array([power(shift, n, alpha=alpha) for shift in np.linspace(0, 30, 200)])
    assert (np.diff(powers) > -1e-9).all()
    assert n <= 2 or alpha < 0.05 or powers[-1] == pytest.approx(1.0, abs=1e-6)


def test_power_has_no_direction():
    assert power(-0.8, 7) == power(0.8, 7)


def test_power_is_the_share_of_tests_that_reject():
    studies, n, shift = 20_000, 6, 0.9
    draws = np.random.default_rng(7).normal(shift, 1.0, size=(studies, n))
    rejected = np.mean(stats.ttest_1samp(draws, 0.0, axis=1).pvalue < 0.05)
    assert abs(power(shift, n) - rejected) < 3 * math.sqrt(0.25 / studies)


@pytest.mark.parametrize("n", [2, 5, 9, 40])
@pytest.mark.parametrize("alpha", [0.1, 0.05, 0.01])
def test_one_sided_power_agrees_with_statsmodels(n, alpha):
    for shift in (0.0, 0.3, 1.0, 2.5):
        theirs = TTestPower().power(shift, n, alpha, alternative="larger")
        assert superiority(shift, n, alpha=alpha) == pytest.approx(theirs, abs=1e-7)


def test_searches_end_at_the_first_that_is_enough():
    assert smallest(lambda size: 1 - math.exp(-size), target=0.9) == pytest.approx(math.log(10), rel=1e-8)
    assert fewest(lambda n: n / 1000, above=4) == 800
    assert fewest(lambda n: n / 1000, above=900) == 901
    assert fewest(lambda n: n / 1000, above=4, target=1.0) == 1000
    assert fewest(lambda n: n / 2000, above=4) is None
    assert fewest(lambda _: 1.0, above=1000) is None
