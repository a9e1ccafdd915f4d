import math

import pytest

from ablate.analyze.claim import check_claim, direction, sides
from ablate.config.spec import Claim
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


@pytest.mark.parametrize("margin", [-0.01, math.inf, math.nan])
@pytest.mark.parametrize("expect", ["greater", "less", "equivalent", "no_worse"])
def test_a_margin_that_states_nothing_is_refused(expect, margin):
    with pytest.raises(ConfigError, match=r"has margin.*in the response's units"):
        check_claim(claim(expect, margin))


def test_a_margin_of_zero_states_a_direction_and_nothing_else():
    for expect in ("greater", "less"):
        check_claim(claim(expect, 0.0))
    for expect in ("equivalent", "no_worse"):
        with pytest.raises(ConfigError, match=f"more than 0, because '{expect}' is claimed"):
            check_claim(claim(expect, 0.0))
