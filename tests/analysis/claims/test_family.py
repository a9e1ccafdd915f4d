import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from ablate.analysis.claims import verdict as verdict_module
from ablate.analysis.claims.family import judge
from ablate.analysis.claims.verdict import verdict
from ablate.analysis.statistics.multiplicity import exploratory_q, holm
from ablate.analysis.statistics.paired import paired
from ablate.analysis.summary import Needed
from ablate.config.spec import Claim

probabilities = st.lists(st.one_of(st.floats(0, 1), st.sampled_from([0.01, 0.05, 0.5])), min_size=1, max_size=12)


@given(probabilities)
@settings(deadline=None, max_examples=12)  # theirs takes a fifteenth of a second
def test_holm_is_that_of_statsmodels(p):
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1], abs=1e-12)


@given(probabilities)
@settings(deadline=None, max_examples=100)
def test_q_is_that_of_statsmodels(p):
    assert exploratory_q(p) == pytest.approx(multipletests(p, method="fdr_bh")[1], abs=1e-12)


def test_a_member_without_a_p_counts():
    assert holm([0.01, None, 0.02]) == pytest.approx((0.03, None, 0.04))
    assert exploratory_q([0.01, None, 0.02]) == pytest.approx((0.03, None, 0.03))


def test_an_empty_family():
    assert holm([]) == exploratory_q([]) == judge([], better="higher") == ()


def sample(mean, sd=1.0, n=10):
    """Differences of exactly this mean and SD."""
    z = np.random.default_rng(5).normal(size=n)
    return mean + sd * (z - z.mean()) / z.std(ddof=1)


def compare(differences):
    d = np.asarray(differences, dtype=float)
    return paired(d, np.zeros(len(d)), better="higher", rng=np.random.default_rng(0))


def claim(expect, margin=1.0, alpha=0.05):
    return Claim(contrast={"a": ("y", "x")}, expect=expect, margin=margin, alpha=alpha)


def alone(expect, differences, margin=1.0, **more):
    return verdict(claim(expect, margin), compare(differences), better="higher", **more)


def test_a_family_of_one_changes_nothing():
    for differences in (sample(0.6), sample(0.6, 0.2), sample(0.2), sample(0.0, n=3), np.ones(6)):
        single = alone("greater", differences)
        assert judge([single], better="higher") == (single,)


def test_supported_alone_but_not_among_three():
    # t = .6 √10 = 1.897: one-sided p .045 alone
    verdicts = [alone("greater", sample(0.6), 0.1), alone("greater", sample(0.3), 0.1), alone("less", sample(-2), 0.1)]
    assert [v.outcome for v in verdicts] == ["supported", "inconclusive", "supported"]
    first, second, third = judge(verdicts, better="higher")
    assert (first.outcome, first.alone, first.family) == ("inconclusive", "supported", 3)
    p = stats.t.sf(0.6 * math.sqrt(10), 9)
    assert (first.p, first.p_holm) == pytest.approx((p, 2 * p))
    assert first.line.startswith(
        "inconclusive: open whether y is greater than x (supported alone, but not among 3 claims); Δ = 0.60, 96.67% CI"
    )
    assert f"; {first.needed.low} to {first.needed.high} replicates would probably decide it" in first.line
    assert second.needed.high > verdicts[1].needed.high
    assert (third.outcome, third.strong) == ("supported", True)
    assert third.p_holm == pytest.approx(3 * third.p)


def test_contradicted_alone_but_not_among_two():
    first, _ = judge([alone("greater", sample(-0.6), 0.1), alone("greater", sample(0.0), 0.1)], better="higher")
    assert (first.outcome, first.alone) == ("inconclusive", "contradicted")


def test_equivalence_alone_but_not_among_two():
    # (1 − .4) √10 = 1.897 again
    first, second = judge([alone("equivalent", sample(0.4)), alone("equivalent", sample(1.0))], better="higher")
    assert (first.alone, first.outcome, second.outcome) == ("supported", "inconclusive", "inconclusive")
    assert "open whether y is within ±1 of x (supported alone, but not among 2 claims)" in first.line


def test_a_sign_may_be_surer_than_the_size():
    d = sample(0.8, 0.3)  # t against 0 is 8.4, against the margin 2.1: p .032
    greater, no_worse, _ = judge(
        [alone("greater", d), alone("no_worse", d), alone("greater", sample(0.0, 2))], better="higher"
    )
    assert (greater.alone, greater.outcome, greater.strong) == ("equivalent", "supported", False)
    assert (no_worse.alone, no_worse.outcome) == ("equivalent", "supported")
    assert "y is greater than x (equivalent alone, but not among 3 claims)" in greater.line


def test_strength_is_for_the_family_too():
    strong = alone("greater", sample(1.6))  # against the margin t is 1.897
    assert strong.strong
    first, _ = judge([strong, alone("less", sample(0.0, 2))], better="higher")
    assert (first.outcome, first.strong) == ("supported", False)


def test_claims_without_a_p_count_in_the_family_and_stay_what_they_are():
    verdicts = [alone("greater", sample(0.6), 0.1), alone("greater", sample(1.0, n=4)), alone("greater", np.ones(6))]
    first, few, same = judge(verdicts, better="higher")
    assert first.p_holm == pytest.approx(3 * first.p)
    assert first.outcome == "inconclusive"
    assert (few.outcome, few.p, few.p_holm, few.needed) == (None, None, None, Needed(low=5, high=5))
    assert (same.outcome, same.p_holm, same.needed) == ("inconclusive", None, None)


def test_a_failure_sensitive_claim_stays_so():
    single = alone("greater", sample(3), survivors=compare(sample(-3)))
    first, _ = judge([single, single], better="higher")
    assert (first.outcome, first.failure_sensitive, first.needed) == ("inconclusive", True, None)
    assert first.line == single.line


def test_each_claim_is_held_to_its_own_alpha():
    lenient = verdict(claim("greater", 0.1, alpha=0.2), compare(sample(0.6)), better="higher")
    first, second = judge([lenient, alone("greater", sample(0.6), 0.1)], better="higher")
    assert (first.outcome, second.outcome) == ("supported", "inconclusive")


@pytest.mark.parametrize("shared", [False, True])
def test_some_claim_of_a_family_is_falsely_supported_no_more_often_than_one_alone(monkeypatch, shared):
    """Four nulls at their edges, of independent contrasts or of contrasts with the same reference."""
    monkeypatch.setattr(verdict_module, "needed", lambda *_, **__: None)
    studies, n, margin = 1000, 6, 1.5
    truths = {"greater": 0.0, "less": 0.0, "equivalent": margin, "no_worse": -margin}
    rng = np.random.default_rng(17)
    single = family = 0
    for _ in range(studies):
        common = rng.normal(size=n) if shared else 0.0
        verdicts = [
            alone(expect, truth + (rng.normal(size=n) + common) / math.sqrt(2 if shared else 1), margin)
            for expect, truth in truths.items()
        ]
        judged = judge(verdicts, better="higher")
        single += any(v.alone == "supported" or v.p < 0.05 for v in verdicts)
        family += any(v.outcome == "supported" or v.p_holm < 0.05 for v in judged)
    assert family / studies <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / studies)
    assert single / studies > 0.1


@pytest.mark.parametrize(("outcome", "truth", "margin"), [("contradicted", 0.0, 0.1), ("equivalent", 3.0, 3.0)])
def test_the_other_outcomes_are_as_rarely_false_in_a_family(monkeypatch, outcome, truth, margin):
    monkeypatch.setattr(verdict_module, "needed", lambda *_, **__: None)
    studies = 800
    draws = np.random.default_rng(23).normal(truth, 1, size=(studies, 4, 6))
    verdicts = [[alone("greater", d, margin) for d in study] for study in draws]
    single = np.mean([any(v.outcome == outcome for v in study) for study in verdicts])
    family = np.mean([any(v.outcome == outcome for v in judge(study, better="higher")) for study in verdicts])
    assert family <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / studies)
    assert single > 0.12


@given(
    st.lists(
        st.tuples(st.sampled_from(["greater", "less", "equivalent", "no_worse"]), st.floats(-2.5, 2.5)),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from([0.3, 1.0, 1.7]),
)
@settings(deadline=None, max_examples=150)
def test_where_holm_decides_the_interval_says_what_the_outcome_does(stated, margin):
    """Its ends lie beyond a bound where, and only where, the adjusted p denies that bound."""
    verdicts = judge([alone(expect, sample(mean), margin) for expect, mean in stated], better="higher")
    for found in verdicts:
        low, high = found.interval.low, found.interval.high
        if found.claim.expect == "less":
            low, high = -high, -low
        null = -margin if found.claim.expect == "no_worse" else 0.0
        inside = -margin < low and high < margin
        if found.claim.expect == "equivalent":
            excluded = {"supported": inside, "contradicted": low > margin or high < -margin}
        else:
            excluded = {"equivalent": inside, "supported": low > null, "contradicted": high < null}
        if found.outcome == "inconclusive":
            assert not any(excluded.values()), found
        else:
            assert excluded[found.outcome], found
        if found.strong:
            assert low > margin
        assert 0.9 <= found.interval.level <= 1 - 0.1 / len(stated) + 1e-12
