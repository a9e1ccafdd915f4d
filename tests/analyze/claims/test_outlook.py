import math

import pytest
from statsmodels.stats.power import TTestPower

from ablate.analyze.claims.chances import chances
from ablate.analyze.claims.outlook import outlook
from ablate.config.spec import Claim
from ablate.errors import ConfigError


def foresee(expect, n, *, margin=1.0, effect=1.0, alpha=0.05, family=1):
    claim = Claim(contrast={"a": ("y", "x")}, expect=expect, margin=0.01, alpha=alpha)
    return outlook(claim, n, margin_sd=margin, effect_sd=effect, family=family)


def test_five_replicates_and_a_margin_of_one_sd():
    found = foresee("greater", 5)
    assert round(found.inconclusive, 2) == 0.63
    assert found.line == (
        "n = 5, margin 1 SD of the differences: 63% of truly equal arms end inconclusive; the claim is shown, given "
        "a true difference of 1 SD, with probability 58%, and takes 8 replicates for 80%; the smallest difference "
        "found with 80% is 1.36 SD"
    )


def test_a_claim_of_equivalence_speaks_of_equal_arms():
    assert foresee("equivalent", 5).line == (
        "n = 5, margin 1 SD of the differences: 71% of truly equal arms end inconclusive; the claim is shown, given "
        "truly equal arms, with probability 29%, and takes 11 replicates for 80%; the smallest margin for which "
        "equality is found with 80% is 1.60 SD"
    )


@pytest.mark.parametrize("n", [5, 8, 20, 60])
@pytest.mark.parametrize(("effect", "alpha"), [(0.4, 0.05), (1.0, 0.05), (0.7, 0.01)])
def test_superiority_is_that_of_statsmodels(n, effect, alpha):
    found = foresee("greater", n, effect=effect, alpha=alpha)
    theirs = TTestPower()
    assert found.superiority == pytest.approx(theirs.power(effect, n, alpha, alternative="larger"), abs=1e-7)
    assert found.shown == found.superiority
    assert theirs.power(found.smallest_effect_sd, n, alpha, alternative="larger") == pytest.approx(0.8, abs=1e-6)
    enough = theirs.solve_power(effect, None, alpha, 0.8, alternative="larger")
    assert found.suggested == max(5, math.ceil(enough))


def test_no_worse_is_shown_as_surely_as_a_difference_of_the_margin():
    found = foresee("no_worse", 9, margin=0.8)
    assert found.shown == pytest.approx(TTestPower().power(0.8, 9, 0.05, alternative="larger"), abs=1e-7)
    ends = chances("no_worse", 9, margin=0.8, effect=0.0)
    assert found.shown == pytest.approx(ends.supported + ends.equivalent, abs=1e-8)
    assert found.inconclusive == pytest.approx(ends.inconclusive)


@pytest.mark.parametrize(("margin", "alpha"), [(1.0, 0.05), (0.5, 0.05), (0.7, 0.01)])
def test_the_suggested_number_is_the_fewest_for_equivalence(margin, alpha):
    found = foresee("equivalent", 7, margin=margin, alpha=alpha)
    shown = [foresee("equivalent", n, margin=margin, alpha=alpha).shown for n in range(5, found.suggested + 1)]
    assert shown[-1] >= 0.8
    assert max(shown[:-1]) < 0.8
    assert found.equivalence == found.shown == shown[2]
    again = foresee("equivalent", 7, margin=found.smallest_margin_sd, alpha=alpha)
    assert again.equivalence == pytest.approx(0.8, abs=1e-6)


def test_a_family_shares_alpha():
    alone, shared = foresee("less", 8, alpha=0.01), foresee("less", 8, alpha=0.05, family=5)
    assert shared == alone
    assert shared.suggested > foresee("less", 8, alpha=0.05).suggested


def test_an_effect_that_no_number_finds():
    found = foresee("greater", 10, effect=0.01)
    assert found.suggested is None
    assert "takes more than 1000 replicates" in found.line
    assert foresee("greater", 10, effect=0.0).superiority == pytest.approx(0.05)


@pytest.mark.parametrize("n", [0, 1, 4])
def test_too_few_replicates_have_no_outlook(n):
    assert foresee("greater", n) is None


def test_a_claim_that_states_nothing_is_refused():
    with pytest.raises(ConfigError, match="alpha"):
        foresee("greater", 10, alpha=0.7)
