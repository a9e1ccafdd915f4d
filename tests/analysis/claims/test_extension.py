import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from ablate.analysis.claims.extension import extended_alpha, extension, extension_note
from ablate.config.spec import Claim


@pytest.mark.parametrize(("ns", "alpha"), [((5, 20), 0.05), ((5, 20), 0.025), ((5, 10), 0.05), ((5, 10, 20), 0.05)])
def test_extended_alpha_is_what_happens_in_simulated_studies(ns, alpha):
    studies = 200_000
    differences = np.random.default_rng(31).standard_normal((studies, ns[-1]))
    supported, going = np.zeros(studies, dtype=bool), np.ones(studies, dtype=bool)
    for n in ns:
        t = math.sqrt(n) * differences[:, :n].mean(axis=1) / differences[:, :n].std(axis=1, ddof=1)
        critical = stats.t.isf(alpha, n - 1)
        supported |= going & (t >= critical)
        going &= np.abs(t) < critical
    rate = extended_alpha(ns, alpha=alpha)
    assert abs(rate - supported.mean()) < 4 * math.sqrt(rate / studies)


def test_many_replicates_give_the_bivariate_normal():
    bound = stats.norm.isf(0.05)
    both_below = stats.multivariate_normal(cov=[[1, 0.5], [0.5, 1]]).cdf([bound, bound])
    assert extended_alpha((60, 240)) == pytest.approx(1 - both_below, abs=1e-3)


def test_every_further_look_costs():
    assert 0.05 < extended_alpha((5, 20)) < extended_alpha((5, 10, 20)) < extended_alpha((5, 8, 11, 14, 17, 20)) < 0.2


def test_looks_that_give_no_verdict_cost_nothing():
    assert extended_alpha((3, 4, 20)) == pytest.approx(0.05, rel=1e-6)
    assert extended_alpha((3, 5, 20)) == extended_alpha((5, 20))
    assert "alpha stays 0.05" in extension_note((3, 20))


def test_the_note_says_it_plainly():
    note = extension_note((5, 20))
    assert "n was extended to 20 after a look at n = 5, without a plan" in note
    assert "alpha = 0.05 is now supported with probability up to 0.090" in note
    assert "n = 5 and 10" in extension_note((5, 10, 20), alpha=0.01)
    assert "up to 0.026" in extension_note((5, 10, 20), alpha=0.01)


def test_both_errors_of_a_claim_are_told():
    claim = Claim(contrast={"a": ("y", "x")}, expect="greater", margin=0.1)
    found = extension(claim, (3, 5, 20))
    assert found.ns == (5, 20)
    assert found.false_support == found.false_contradiction == extended_alpha((5, 20))
    two_sided = extension(replace(claim, expect="equivalent"), (5, 20))
    assert two_sided.false_contradiction == 2 * two_sided.false_support
    assert extension(claim, (3, 20)) is None


@pytest.mark.parametrize(("expect", "true", "error"), [("greater", 0.0, "supported"), ("greater", 0.0, "contradicted"),
                                                       ("equivalent", 0.5, "contradicted")])  # fmt: skip
def test_neither_error_is_more_frequent_than_is_told(expect, true, error):
    """By simulation with a margin of half an SD: what is not decided at n = 5 is tested again at 20."""
    studies, ns, margin = 100_000, (5, 20), 0.5
    differences = np.random.default_rng(37).normal(true, 1.0, (studies, ns[-1]))
    found, going = np.zeros(studies, dtype=bool), np.ones(studies, dtype=bool)
    for n in ns:
        half = stats.t.isf(0.05, n - 1) * differences[:, :n].std(axis=1, ddof=1) / math.sqrt(n)
        middle = differences[:, :n].mean(axis=1)
        low, high = middle - half, middle + half
        inside = (low > -margin) & (high < margin)
        if expect == "equivalent":
            outcomes = {"supported": inside, "contradicted": (low > margin) | (high < -margin)}
        else:
            outcomes = {"equivalent": inside, "supported": ~inside & (low > 0), "contradicted": ~inside & (high < 0)}
        found |= going & outcomes[error]
        going &= ~np.any(list(outcomes.values()), axis=0)
    told = extension(Claim(contrast={"a": ("y", "x")}, expect=expect, margin=margin), ns)
    bound = told.false_support if error == "supported" else told.false_contradiction
    assert 0.05 < found.mean() < bound + 4 * math.sqrt(bound / studies)
