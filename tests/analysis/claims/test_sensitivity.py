import numpy as np
import pytest

from ablate.analysis.claims.claim import direction
from ablate.analysis.claims.sensitivity import skewed
from ablate.analysis.claims.verdict import verdict
from ablate.analysis.statistics.paired import paired
from ablate.analysis.statistics.skewed import transformed_interval
from ablate.config.spec import Claim

pytestmark = pytest.mark.numeric

EXPECTATIONS = ("greater", "less", "no_worse", "equivalent")


def compare(differences, better="higher"):
    d = np.asarray(differences, dtype=float)
    return paired(d, np.zeros(len(d)), better=better, rng=np.random.default_rng(0))


def claim_of(expect, margin):
    return Claim(contrast={"norm": ("batch", "none")}, expect=expect, margin=margin)


def outcome(claim, low, high, better):
    """The rule of docs/verdicts.md, in words of the interval."""
    sign, m = direction(claim, better=better), claim.margin
    low, high = sorted((sign * low, sign * high))
    inside, beyond = -m < low and high < m, low > m or high < -m
    if claim.expect == "equivalent":
        return "supported" if inside else "contradicted" if beyond else "inconclusive"
    null = -m if claim.expect == "no_worse" else 0.0
    return "equivalent" if inside else "supported" if low > null else "contradicted" if high < null else "inconclusive"


@pytest.mark.parametrize("expect", EXPECTATIONS)
@pytest.mark.parametrize("better", ["higher", "lower"])
def test_it_speaks_exactly_where_halls_interval_says_something_else(expect, better):
    rng, spoke = np.random.default_rng(0), 0
    for _ in range(300):
        d = rng.exponential(size=12) - 1 + rng.choice([-0.6, 0.0, 0.6])
        claim = claim_of(expect, 0.7)
        found = verdict(claim, compare(d, better), better=better)
        interval = transformed_interval(d, level=0.9)
        other = outcome(claim, interval.low, interval.high, better)
        remarks = [remark for remark in found.remarks if remark.startswith("Skewed")]
        assert bool(remarks) == (other != found.alone)
        assert all(remark.startswith(f"Skewed: {other} by Hall's interval (") for remark in remarks)
        spoke += bool(remarks)
    assert spoke > 3


def test_few_replicates_equal_ones_and_shares_of_the_baseline_have_none():
    d = [0.0, 0.0, 0.01, 0.01, 3.0]
    assert list(skewed(claim_of("greater", 0.1), compare(d), "supported", better="higher")) == []
    assert list(skewed(claim_of("greater", 0.1), compare([0.1] * 12), "inconclusive", better="higher")) == []
    assert list(skewed(claim_of("greater", 0.1), compare(d * 3), None, better="higher")) == []
