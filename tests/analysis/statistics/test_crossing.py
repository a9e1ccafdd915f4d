import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ablate.analysis.statistics.crossing import normal_crossing, t_crossing

PUBLISHED = [
    (2.797, 1.977),
    (3.471, 2.454, 2.004),
    (4.049, 2.863, 2.337, 2.024),
    (4.562, 3.226, 2.634, 2.281, 2.040),
]
"""O'Brien–Fleming, two-sided 5%, equally spaced looks."""


@pytest.mark.parametrize("bounds", PUBLISHED)
def test_published_normal_boundaries_are_crossed_with_half_of_five_per_cent(bounds):
    # A constant given to three decimals settles the rate to 1e-4.
    assert normal_crossing(range(1, len(bounds) + 1), bounds) == pytest.approx(0.025, abs=7e-5)


def test_pococks_boundary():
    # Two-sided 5%, five looks: 2.413 at each (Pocock 1977).
    assert normal_crossing([4, 8, 12, 16, 20], [2.413] * 5) == pytest.approx(0.025, abs=1e-4)


@pytest.mark.parametrize("ns", [(5, 20), (4, 9, 10), (30, 31)])
def test_normal_crossing_is_the_orthant_that_scipy_integrates(ns):
    bounds = np.array([1.5, 1.9, 1.7])[: len(ns)]
    correlation = [[math.sqrt(min(a, b) / max(a, b)) for a in ns] for b in ns]
    below = stats.multivariate_normal(cov=correlation).cdf(bounds, rng=np.random.default_rng(0))
    assert normal_crossing(ns, bounds.tolist()) == pytest.approx(1 - below, abs=2e-5)


@pytest.mark.parametrize("n", [4, 5, 6, 8, 12, 20, 80])
@pytest.mark.parametrize(("level", "relative"), [(0.2, 1e-5), (0.05, 2e-3), (0.001, 2e-2)])
def test_a_look_that_never_decides_leaves_the_plain_t(n, level, relative):
    bounds = math.inf, stats.t.isf(level, n - 1)
    finer = relative if n < 12 else relative / 5
    assert t_crossing((3, n), bounds) == pytest.approx(level, rel=finer)


@given(st.integers(2, 60), st.floats(1e-6, 0.45))
@settings(deadline=None, max_examples=30)
def test_one_look_is_the_plain_t(n, level):
    assert t_crossing([n], [stats.t.isf(level, n - 1)]) == pytest.approx(level, rel=1e-6)


def simulated(ns, bounds, studies, seed):
    """Straight from the definition: draw, look, count."""
    differences = np.random.default_rng(seed).standard_normal((studies, ns[-1]))
    crossed = np.zeros(studies, dtype=bool)
    for n, bound in zip(ns, bounds, strict=True):
        seen = differences[:, :n]
        crossed |= seen.mean(axis=1) / (seen.std(axis=1, ddof=1) / math.sqrt(n)) >= bound
    return crossed.mean()


@pytest.mark.parametrize("ns", [(2, 3), (3, 4, 5), (5, 20), (4, 8, 12, 16, 20), (5, 6, 11)])
@pytest.mark.parametrize("level", [0.05, 0.01])
def test_t_crossing_is_what_happens_in_simulated_studies(ns, level):
    studies = 200_000
    bounds = [stats.t.isf(level, n - 1) for n in ns]
    rate = t_crossing(ns, bounds)
    assert abs(rate - simulated(ns, bounds, studies, seed=5)) < 4 * math.sqrt(rate * (1 - rate) / studies)


def test_at_the_same_levels_many_replicates_come_near_the_normal():
    z = np.array([2.2, 1.8])
    bounds = stats.t.isf(stats.norm.sf(z), [49, 199]).tolist()
    assert t_crossing((50, 200), bounds) == pytest.approx(normal_crossing((50, 200), z.tolist()), rel=0.01)
