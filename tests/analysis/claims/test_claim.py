import math
from dataclasses import replace

import pytest

from ablate.analysis.claims.claim import check_claim, check_replicates, direction, sides
from ablate.config.spec import Claim, Response, StudySpec
from ablate.errors import ConfigError


def claim(expect="greater", margin=0.01, alpha=0.05):
    return Claim(contrast={"skip_span": ("one", "two")}, expect=expect, margin=margin, alpha=alpha)


def test_the_first_level_is_the_arm():
    assert sides(claim()) == ("one", "two")


@pytest.mark.parametrize(
    ("expect", "higher", "lower"), [("greater", 1, 1), ("less", -1, -1), ("equivalent", 1, 1), ("no_worse", 1, -1)]
)
def test_only_no_worse_depends_on_what_is_better(expect, higher, lower):
    assert direction(claim(expect), better="higher") == higher
    assert direction(claim(expect), better="lower") == lower


@pytest.mark.parametrize("alpha", [0.0, -0.1, 0.5, 1.0, math.nan])
def test_an_alpha_that_states_nothing_is_refused(alpha):
    with pytest.raises(ConfigError, match=r"The claim on skip_span: one vs two has alpha.*between 0 and 0\.5"):
        check_claim(claim(alpha=alpha))


@pytest.mark.parametrize("margin", [0.0, -0.01, math.inf, math.nan])
@pytest.mark.parametrize("expect", ["greater", "less", "equivalent", "no_worse"])
def test_a_margin_that_states_nothing_is_refused(expect, margin):
    with pytest.raises(ConfigError, match=r"has margin.*in the response's units"):
        check_claim(claim(expect, margin))


@pytest.mark.parametrize("margin", [1.0, 2.0, 50])
def test_a_margin_that_no_accuracy_can_differ_by_is_refused(margin):
    accuracy = Response(name="test/accuracy", better="higher", trivial=0.1)
    with pytest.raises(ConfigError, match=r"test/accuracy lies between 0 and 1.*one point of accuracy is 0\.01"):
        check_claim(claim(margin=margin), accuracy)
    check_claim(claim(margin=0.99), accuracy)
    check_claim(claim(margin=margin), Response(name="test/accuracy", better="higher", trivial=10.0))  # in percent
    check_claim(claim(margin=margin), Response(name="test/loss", better="lower"))


@pytest.mark.parametrize("factors", [(), ("skip_span", "head")])
def test_a_claim_is_about_one_factor(factors):
    with pytest.raises(ConfigError, match=f"names {len(factors)} factors"):
        check_claim(Claim(contrast=dict.fromkeys(factors, ("one", "two")), expect="greater", margin=0.01))


@pytest.mark.parametrize("replicates", [1, 4, 5])
def test_claims_take_replicates_that_can_decide_them(replicates):
    spec = StudySpec(
        name="head", question="?", design="one_at_a_time", factors=(), replicates=replicates, seed=0, claims=(claim(),),
        response=Response(name="test/accuracy", better="higher"),
    )  # fmt: skip
    check_replicates(replace(spec, claims=()))
    if replicates >= 5:
        return check_replicates(spec)
    with pytest.raises(
        ConfigError, match=rf"replicates={replicates} could never.*Set replicates=5.*study\.claims=\[\]"
    ):
        check_replicates(spec)
    with pytest.raises(ConfigError, match=r"Set replicates=5 or more\.$"):
        check_replicates(spec, seen=3)
    return None
