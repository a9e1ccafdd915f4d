import math

import numpy as np
import pytest
from statsmodels.stats.power import TTestPower

from ablate.analysis.claims.chances import chances
from ablate.analysis.claims.evidence import decide, evidence
from ablate.analysis.claims.outlook import outlook
from ablate.config.spec import Claim
from ablate.errors import ConfigError


def foresee(expect, n, *, margin=1.0, effect=1.0, alpha=0.05, family=1):
    claim = Claim(contrast={"a": ("y", "x")}, expect=expect, margin=0.01, alpha=alpha)
    return outlook(claim, n, margin_sd=margin, effect_sd=effect, family=family)


def test_five_replicates_and_a_margin_of_one_sd():
    found = foresee("greater", 5)
    assert round(found.equal.inconclusive, 2) == 0.63
    assert found.line == (
        "n = 5, margin 1 SD of the differences: 63% of truly equal arms end inconclusive; the claim is shown, given "
        "a true difference of 1 SD, with probability 57%, and takes 9 replicates for 80%; the smallest difference "
        "found with 80% is 1.37 SD; given truly equal arms it ends supported 4%, equivalent 29%, contradicted 4%, "
        "inconclusive 63%; given a true difference of 1 SD, supported 57%, equivalent 5%, inconclusive 39%"
    )


def test_a_claim_of_equivalence_speaks_of_equal_arms():
    assert foresee("equivalent", 5).line == (
        "n = 5, margin 1 SD of the differences: 71% of truly equal arms end inconclusive; the claim is shown, given "
        "truly equal arms, with probability 29%, and takes 11 replicates for 80%; the smallest margin for which "
        "equality is found with 80% is 1.60 SD; given truly equal arms it ends supported 29%, inconclusive 71%; given "
        "a true difference of 1 SD, supported 5%, contradicted 5%, inconclusive 90%"
    )


@pytest.mark.parametrize("n", [5, 8, 20, 60])
@pytest.mark.parametrize(("effect", "alpha"), [(0.4, 0.05), (1.0, 0.05), (0.7, 0.01)])
def test_with_next_to_no_margin_it_is_the_power_of_statsmodels(n, effect, alpha):
    found = foresee("greater", n, margin=1e-9, effect=effect, alpha=alpha)
    theirs = TTestPower()
    assert found.shown == pytest.approx(theirs.power(effect, n, alpha, alternative="larger"), abs=1e-7)
    assert theirs.power(found.smallest_effect_sd, n, alpha, alternative="larger") == pytest.approx(0.8, abs=1e-6)
    enough = theirs.solve_power(effect, None, alpha, 0.8, alternative="larger")
    assert found.suggested == max(5, math.ceil(enough))


@pytest.mark.numeric
@pytest.mark.parametrize(("n", "margin", "power", "of_t"), [(5, 2.0, 0.927, 0.975), (20, 1.0, 0.953, 0.996)])
def test_the_power_is_that_of_the_rule_in_which_equivalence_comes_first(n, margin, power, of_t):
    """Against simulated studies that go through the verdict itself, and the published values.

    The Monte Carlo SE of a share of about .94 of 4000 studies is .004; the values were simulated to about .003.
    """
    studies = 4000
    found = foresee("greater", n, margin=margin, effect=margin)
    stated = Claim(contrast={"a": ("y", "x")}, expect="greater", margin=margin)
    draws = np.random.default_rng(41).normal(margin, 1.0, (studies, n))
    ends = []
    for d in draws:
        weighed = evidence(stated, better="higher", difference=d.mean(), se=d.std(ddof=1) / math.sqrt(n), df=n - 1)
        ends.append(decide(weighed, alpha=0.05))
    for outcome in ("supported", "equivalent", "contradicted", "inconclusive"):
        expected = getattr(found.different, outcome)
        assert abs(ends.count(outcome) / studies - expected) < 4 * math.sqrt(max(expected, 1e-4) / studies), outcome
    assert found.shown == pytest.approx(power, abs=0.004)
    assert TTestPower().power(margin, n, 0.05, alternative="larger") == pytest.approx(of_t, abs=0.004)
    assert f"with probability {found.shown:.0%}" in found.line


def test_no_worse_is_shown_as_surely_as_a_difference_of_the_margin():
    found = foresee("no_worse", 9, margin=0.8)
    assert found.shown == pytest.approx(TTestPower().power(0.8, 9, 0.05, alternative="larger"), abs=1e-7)
    ends = chances("no_worse", 9, margin=0.8, effect=0.0)
    assert found.shown == pytest.approx(ends.supported + ends.equivalent, abs=1e-8)
    assert found.equal == ends


@pytest.mark.parametrize(("margin", "alpha"), [(1.0, 0.05), (0.5, 0.05), (0.7, 0.01)])
def test_the_suggested_number_is_the_fewest_for_equivalence(margin, alpha):
    found = foresee("equivalent", 7, margin=margin, alpha=alpha)
    shown = [foresee("equivalent", n, margin=margin, alpha=alpha).shown for n in range(5, found.suggested + 1)]
    assert shown[-1] >= 0.8
    assert max(shown[:-1]) < 0.8
    assert found.shown == shown[2]
    again = foresee("equivalent", 7, margin=found.smallest_margin_sd, alpha=alpha)
    assert again.shown == pytest.approx(0.8, abs=1e-6)


def test_a_family_shares_alpha():
    alone, shared = foresee("less", 8, alpha=0.01), foresee("less", 8, alpha=0.05, family=5)
    assert shared == alone
    assert shared.suggested > foresee("less", 8, alpha=0.05).suggested


def test_an_effect_that_no_number_finds():
    found = foresee("greater", 10, effect=0.01)
    assert found.suggested is None
    assert "takes more than 1000 replicates" in found.line
    assert foresee("greater", 10, margin=1e-9, effect=0.0).shown == pytest.approx(0.05)


@pytest.mark.parametrize("n", [0, 1, 4])
def test_too_few_replicates_have_no_outlook(n):
    assert foresee("greater", n) is None


def test_a_claim_that_states_nothing_is_refused():
    with pytest.raises(ConfigError, match="alpha"):
        foresee("greater", 10, alpha=0.7)
