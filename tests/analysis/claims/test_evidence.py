import functools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from statsmodels.stats.weightstats import DescrStatsW, ttost_paired

from ablate.analysis.claims.evidence import OUTCOMES, decide, evidence, is_strong
from ablate.config.spec import Claim

EXPECTED = ["greater", "less", "equivalent", "no_worse"]
BETTER = ["higher", "lower"]


def weigh(differences, expect, margin, better="higher", alpha=0.05):
    claim = Claim(contrast={"a": ("y", "x")}, expect=expect, margin=margin, alpha=alpha)
    n = len(differences)
    se = np.std(differences, ddof=1) / math.sqrt(n)
    return evidence(claim, better=better, difference=float(np.mean(differences)), se=float(se), df=n - 1)


numbers = st.floats(-3, 3, allow_nan=False).map(lambda x: round(x, 4))
samples = st.lists(numbers, min_size=5, max_size=20).map(np.array).filter(lambda d: np.ptp(d) > 0.01)
margins = st.floats(0.01, 4).map(lambda x: round(x, 3))


@given(samples, margins)
@settings(deadline=None, max_examples=60)
def test_every_p_is_that_of_scipy(d, m):
    def above(bound):
        return stats.ttest_1samp(d, bound, alternative="greater").pvalue

    def below(bound):
        return stats.ttest_1samp(d, bound, alternative="less").pvalue

    close = functools.partial(pytest.approx, rel=1e-7, abs=1e-12)
    inside = max(above(-m), below(m))
    greater, less = weigh(d, "greater", m), weigh(d, "less", m)
    assert (greater.supported, greater.contradicted, greater.strong) == close((above(0), below(0), above(m)))
    assert (less.supported, less.contradicted, less.strong) == close((below(0), above(0), below(-m)))
    assert greater.equivalent == less.equivalent == close(inside)
    higher, lower = weigh(d, "no_worse", m, "higher"), weigh(d, "no_worse", m, "lower")
    assert (higher.supported, higher.contradicted, higher.strong) == close((above(-m), below(-m), above(m)))
    assert (lower.supported, lower.contradicted, lower.strong) == close((below(m), above(m), below(-m)))
    assert higher.equivalent == lower.equivalent == close(inside)
    equal = weigh(d, "equivalent", m)
    assert (equal.supported, equal.contradicted) == close((inside, min(above(m), below(-m))))
    assert (equal.equivalent, equal.strong) == (None, None)


@given(samples, margins)
@settings(deadline=None, max_examples=60)
def test_equivalence_is_the_tost_of_statsmodels(d, m):
    theirs = ttost_paired(d, np.zeros(len(d)), -m, m)[0]
    assert weigh(d, "equivalent", m).supported == pytest.approx(theirs, rel=1e-7, abs=1e-12)


def by_interval(d, expect, m, better, alpha):
    """The rule as docs/verdicts.md words it, in intervals."""
    low, high = DescrStatsW(d).tconfint_mean(2 * alpha)
    assume(min(abs(abs(bound) - limit) for bound in (low, high) for limit in (0, m)) > 1e-7)
    inside = -m < low and high < m
    if expect == "equivalent":
        beyond = low > m or high < -m
        return ("supported" if inside else "contradicted" if beyond else "inconclusive"), False
    if inside:
        return "equivalent", False
    if expect == "less" or (expect == "no_worse" and better == "lower"):
        low, high = -high, -low
    limit = -m if expect == "no_worse" else 0
    if low > limit:
        return "supported", low > m
    return ("contradicted" if high < limit else "inconclusive"), False


@given(
    samples,
    st.sampled_from([0.0, 0.3, -0.3, 1.5, -1.5, 3.0]),
    margins,
    st.sampled_from(EXPECTED),
    st.sampled_from(BETTER),
    st.sampled_from([0.01, 0.05, 0.1, 0.25]),
)
@settings(deadline=None, max_examples=400)
def test_the_outcome_is_that_of_the_rule_in_intervals(d, shift, m, expect, better, alpha):
    found = weigh(d + shift, expect, m, better)
    outcome, strong = by_interval(d + shift, expect, m, better, alpha)
    assert (decide(found, alpha=alpha), is_strong(found, alpha=alpha)) == (outcome, strong)


def test_inside_the_margin_comes_first():
    d = np.array([0.5, 0.6, 0.55, 0.52, 0.58])  # the 90% interval is about .51 to .59
    outcomes = {expect: decide(weigh(d, expect, 1.0), alpha=0.05) for expect in EXPECTED}
    assert outcomes == {
        "greater": "equivalent",
        "less": "equivalent",
        "equivalent": "supported",
        "no_worse": "equivalent",
    }
    small = {expect: decide(weigh(d, expect, 0.1), alpha=0.05) for expect in EXPECTED}
    assert small == {
        "greater": "supported",
        "less": "contradicted",
        "equivalent": "contradicted",
        "no_worse": "supported",
    }
    assert decide(weigh(d, "no_worse", 0.1, "lower"), alpha=0.05) == "contradicted"
    # Surely worse, but not by the margin: that contradicts neither.
    worse = np.array([-0.5, -1.6, -0.9, -0.2, -0.7])
    assert decide(weigh(worse, "no_worse", 1.0), alpha=0.05) == "inconclusive"
    assert decide(weigh(worse, "greater", 1.0), alpha=0.05) == "contradicted"


STUDIES = 6_000


@functools.cache
def rates(n, expect, *, margin, truth, alpha=0.05, better="higher"):
    """How often each outcome comes, over studies with normal differences of SD 1."""
    claim = Claim(contrast={"a": ("y", "x")}, expect=expect, margin=margin, alpha=alpha)
    d = np.random.default_rng(n).normal(truth, 1.0, size=(STUDIES, n))
    se = np.std(d, axis=1, ddof=1) / math.sqrt(n)
    weighed = [
        evidence(claim, better=better, difference=x, se=s, df=n - 1)
        for x, s in zip(np.mean(d, axis=1).tolist(), se.tolist(), strict=True)
    ]
    counts = Counter(decide(found, alpha=alpha) for found in weighed)
    counts["strong"] = sum(is_strong(found, alpha=alpha) for found in weighed)
    assert set(counts) <= {*OUTCOMES, "strong"}
    return {outcome: counts[outcome] / STUDIES for outcome in (*OUTCOMES, "strong")}


def above(alpha):
    return alpha + 3 * math.sqrt(alpha * (1 - alpha) / STUDIES)


@pytest.mark.parametrize("n", [5, 10])
@pytest.mark.parametrize("expect", ["greater", "less"])
@pytest.mark.parametrize("margin", [0.1, 1.0])
def test_without_a_difference_a_direction_is_rarely_found(n, expect, margin):
    found = rates(n, expect, margin=margin, truth=0.0)
    assert found["supported"] <= above(0.05)
    assert found["contradicted"] <= above(0.05)
    if margin == 0.1:  # hardly any interval is inside, so that the test has its full size
        assert found["supported"] > 0.04
        assert found["contradicted"] > 0.04


@pytest.mark.parametrize("n", [5, 10])
@pytest.mark.parametrize("expect", ["greater", "less", "no_worse"])
def test_with_a_difference_of_the_margin_equivalence_is_rarely_found(n, expect):
    for truth in (1.5, -1.5):
        found = rates(n, expect, margin=1.5, truth=truth)
        assert found["equivalent"] <= above(0.05)
        assert found["strong"] <= above(0.05)


@pytest.mark.parametrize("n", [5, 10])
def test_a_claim_of_equivalence_is_rarely_wrong(n):
    for margin in (0.5, 1.0, 3.0):
        assert rates(n, "equivalent", margin=margin, truth=margin)["supported"] <= above(0.05)
        assert rates(n, "equivalent", margin=margin, truth=0.0)["contradicted"] <= above(0.05)
        assert rates(n, "equivalent", margin=margin, truth=margin)["contradicted"] <= above(0.055)


def test_a_margin_that_is_small_beside_the_se_doubles_false_contradictions_of_equivalence():
    found = rates(5, "equivalent", margin=0.01, truth=0.01)
    assert 0.08 < found["contradicted"] <= above(0.1)


@pytest.mark.parametrize("n", [5, 10])
@pytest.mark.parametrize(("better", "worse"), [("higher", -1.0), ("lower", 1.0)])
def test_worse_by_the_margin_is_rarely_found_no_worse_or_worse(n, better, worse):
    found = rates(n, "no_worse", margin=1.0, truth=worse, better=better)
    assert 0.04 < found["supported"] + found["equivalent"] <= above(0.05)
    assert 0.04 < found["contradicted"] <= above(0.05)


def one_sided(n, distance):
    """The power of a one-sided t at 5%, by the noncentral t: the true value is `distance` SDs beyond the bound."""
    return stats.nct.sf(stats.t.isf(0.05, n - 1), n - 1, distance * math.sqrt(n))


def two_one_sided(n, margin):
    """The power of two one-sided t at 5% with no difference, by quadrature over the sample SD."""
    critical = stats.t.isf(0.05, n - 1) / math.sqrt(n)

    def inside(sd):
        within = max(0.0, 2 * stats.norm.cdf((margin - critical * sd) * math.sqrt(n)) - 1)
        return within * stats.chi.pdf(sd, n - 1, scale=1 / math.sqrt(n - 1))

    return integrate.quad(inside, 0, margin / critical, limit=200)[0]


@pytest.mark.parametrize("n", [5, 10])
@pytest.mark.parametrize(
    ("expect", "margin", "truth", "outcome", "distance"),
    [
        ("greater", 0.05, 1.0, "supported", 1.0),
        ("greater", 0.05, -1.0, "contradicted", 1.0),
        ("less", 0.05, -0.7, "supported", 0.7),
        ("less", 0.05, 0.7, "contradicted", 0.7),
        ("no_worse", 0.1, 0.9, "supported", 1.0),
        ("no_worse", 0.1, -1.1, "contradicted", 1.0),
        ("equivalent", 0.5, 1.5, "contradicted", 1.0),
    ],
)
def test_each_verdict_comes_as_often_as_its_power_says(n, expect, margin, truth, outcome, distance):
    power = one_sided(n, distance)
    error = 3.5 * math.sqrt(power * (1 - power) / STUDIES)
    assert rates(n, expect, margin=margin, truth=truth)[outcome] == pytest.approx(power, abs=error + 2e-4)


@pytest.mark.parametrize("n", [5, 10])
def test_equality_is_found_as_often_as_its_power_says(n):
    for margin in (1.0, 1.5):
        power = two_one_sided(n, margin)
        error = 3.5 * math.sqrt(power * (1 - power) / STUDIES)
        assert 0.15 < power < 0.999
        for expect, outcome in (("equivalent", "supported"), ("greater", "equivalent"), ("less", "equivalent")):
            assert rates(n, expect, margin=margin, truth=0.0)[outcome] == pytest.approx(power, abs=error)
