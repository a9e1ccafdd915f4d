import math

import numpy as np
import pytest
from scipy import integrate, stats

from ablate.analysis.claims.chances import chances, needed


def test_the_share_of_truly_equal_arms_that_end_inconclusive_is_the_published_one():
    found = chances("greater", 5, margin=1.0, effect=0.0)
    assert round(found.inconclusive, 2) == 0.63
    assert found.supported == pytest.approx(found.contradicted)


def simulated(expect, n, margin, effect, alpha, studies=200_000):
    """Shares of the outcomes by the rule in intervals."""
    rng = np.random.default_rng(3)
    mean = effect + rng.normal(size=studies) / math.sqrt(n)
    half = stats.t.ppf(1 - alpha, n - 1) * np.sqrt(rng.chisquare(n - 1, studies) / (n - 1) / n)
    low, high = mean - half, mean + half
    inside = (-margin < low) & (high < margin)
    if expect == "equivalent":
        return np.mean(inside), np.mean((low > margin) | (high < -margin)), 0.0
    limit = -margin if expect == "no_worse" else 0.0
    return np.mean(~inside & (low > limit)), np.mean(~inside & (high < limit)), np.mean(inside)


@pytest.mark.parametrize("expect", ["greater", "less", "equivalent", "no_worse"])
@pytest.mark.parametrize(
    ("n", "margin", "effect", "alpha"),
    [
        (5, 1.0, 0.0, 0.05),
        (5, 1.0, 1.0, 0.05),
        (5, 2.5, -0.7, 0.1),
        (10, 1.0, 0.4, 0.05),
        (10, 0.5, -0.5, 0.01),
        (40, 0.3, 0.1, 0.05),
        (3, 0.2, 1.0, 0.2),
    ],
)
def test_chances_are_the_shares_of_simulated_studies(expect, n, margin, effect, alpha):
    found = chances(expect, n, margin=margin, effect=effect, alpha=alpha)
    shares = simulated(expect, n, margin, effect, alpha)
    error = 4 * math.sqrt(0.25 / 200_000)
    assert (found.supported, found.contradicted, found.equivalent) == pytest.approx(shares, abs=error)
    assert found.inconclusive == pytest.approx(1 - sum(shares), abs=error)


def tost_power(n, margin, effect, alpha):
    """The power of two one-sided tests, by adaptive quadrature over the sample SD."""
    df, critical = n - 1, stats.t.ppf(1 - alpha, n - 1) / math.sqrt(n)

    def inside(sd):
        room = margin - critical * sd
        normal = stats.norm(effect, 1 / math.sqrt(n))
        return (normal.cdf(room) - normal.cdf(-room)) * stats.chi.pdf(sd, df, scale=1 / math.sqrt(df))

    return integrate.quad(
        inside, 0, margin / critical, points=[min(1, margin / critical / 2)], epsabs=1e-12, limit=400
    )[0]


@pytest.mark.parametrize(
    ("n", "margin", "effect", "alpha"),
    [(3, 1.0, 0.0, 0.05), (5, 1.0, 0.0, 0.05), (10, 0.7, 0.3, 0.05), (30, 0.5, 0.0, 0.01), (200, 0.2, 0.05, 0.05)],
)
def test_the_power_of_equivalence_is_exact(n, margin, effect, alpha):
    found = chances("equivalent", n, margin=margin, effect=effect, alpha=alpha)
    assert found.supported == pytest.approx(tost_power(n, margin, effect, alpha), abs=1e-8)


@pytest.mark.parametrize("n", [2, 3, 5, 12, 100, 1000])
@pytest.mark.parametrize("effect", [0.0, 0.2, 1.5])
def test_without_a_margin_a_direction_has_the_power_of_a_one_sided_t(n, effect):
    found = chances("greater", n, margin=0.0, effect=effect, alpha=0.05)
    critical, centre = stats.t.ppf(0.95, n - 1), effect * math.sqrt(n)
    assert found.supported == pytest.approx(1 - stats.nct.cdf(critical, n - 1, centre), abs=1e-8)
    wrong = np.nan_to_num(stats.nct.cdf(-critical, n - 1, centre))  # scipy has no number for next to nothing
    assert found.contradicted == pytest.approx(wrong, abs=1e-8)
    assert found.equivalent == 0


def scanned(expect, n, margin, effect, alpha):
    for more in range(n + 1, 1001):
        if chances(expect, more, margin=margin, effect=effect, alpha=alpha).inconclusive <= 0.2:
            return more
    return None


@pytest.mark.parametrize("expect", ["greater", "equivalent", "no_worse"])
@pytest.mark.parametrize("margin", [0.4, 1.0])
@pytest.mark.parametrize("effect", [-0.8, -0.25, 0.0, 0.19, 0.5, 1.2])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_needed_is_the_smallest_of_all_numbers(expect, margin, effect, alpha):
    found = needed(expect, 5, margin=margin, effect=effect, alpha=alpha)
    assert found == scanned(expect, 5, margin, effect, alpha)


def test_at_the_edge_of_the_margin_no_number_decides_on_equivalence():
    assert needed("equivalent", 10, margin=1.0, effect=1.0) is None
    assert needed("equivalent", 10, margin=1.0, effect=0.95) is None
    assert needed("greater", 10, margin=1.0, effect=1.0) < 20
    assert needed("greater", 1000, margin=1.0, effect=0.0) is None
