"""A verdict in plain English: each outcome of each kind of claim, with its numbers and nothing beyond them."""

from dataclasses import replace

import pytest

from ablate.analysis.summary import Interval, Share
from ablate.config.spec import Claim, Response
from ablate.report.text.finding import brief, finding, response_name
from tests.report.judged import judged

ACCURACY = Response(name="test/accuracy", better="higher", trivial=0.1)
MSE = Response(name="test/mse", better="lower")


def verdict(expect, outcome, low, high, *, strong=False, **claim):
    claim = Claim(expect=expect, **{"contrast": {"head": ("gap", "fc")}, "margin": 0.02, **claim})
    return judged(claim, outcome, low, high, strong=strong, alone=outcome)


LED = "with `gap` in place of `fc` (`head`), "


@pytest.mark.parametrize(
    ("expect", "outcome", "ends", "strong", "found", "short"),
    [
        (
            "less",
            "supported",
            (-0.095, -0.071),
            True,
            "test accuracy is lower by more than the margin of 2 points",
            "`gap` is 8.3 points lower than `fc`",
        ),
        (
            "less",
            "supported",
            (-0.035, -0.015),
            False,
            "test accuracy is lower",
            "`gap` is 2.5 points lower than `fc`",
        ),
        (
            "less",
            "contradicted",
            (0.012, 0.036),
            False,
            "test accuracy is higher, where lower was claimed",
            "`gap` is 2.4 points higher than `fc`",
        ),
        (
            "greater",
            "equivalent",
            (-0.004, 0.008),
            False,
            "test accuracy is the same within the margin of 2 points, where higher was claimed",
            "`gap` is within 2 points of `fc`",
        ),
        (
            "greater",
            "inconclusive",
            (-0.01, 0.03),
            False,
            "it is open whether test accuracy is higher",
            "`gap` against `fc`: open",
        ),
        (
            "equivalent",
            "supported",
            (-0.004, 0.008),
            False,
            "test accuracy is the same within the margin of 2 points",
            "`gap` is within 2 points of `fc`",
        ),
        (
            "equivalent",
            "contradicted",
            (-0.095, -0.071),
            False,
            "test accuracy is lower by more than the margin of 2 points, where the same was claimed",
            "`gap` is 8.3 points lower than `fc`",
        ),
        (
            "equivalent",
            "inconclusive",
            (-0.03, 0.01),
            False,
            "it is open whether test accuracy is the same within the margin of 2 points",
            "`gap` against `fc`: open",
        ),
        (
            "no_worse",
            "supported",
            (-0.01, 0.03),
            False,
            "test accuracy is not worse by the margin of 2 points",
            "`gap` is not worse than `fc` by 2 points",
        ),
        (
            "no_worse",
            "contradicted",
            (-0.095, -0.071),
            False,
            "test accuracy is lower by more than the margin of 2 points, where no worse was claimed",
            "`gap` is 8.3 points lower than `fc`",
        ),
        (
            "no_worse",
            "inconclusive",
            (-0.03, 0.01),
            False,
            "it is open whether test accuracy is worse by the margin of 2 points",
            "`gap` against `fc`: open",
        ),
    ],
)
def test_an_outcome_has_its_clause(expect, outcome, ends, strong, found, short):
    said = verdict(expect, outcome, *ends, strong=strong)
    assert finding(said, ACCURACY)[0] == LED + found
    assert brief(said, ACCURACY) == short


def test_the_numbers_have_the_difference_its_interval_and_n():
    _, numbers = finding(verdict("less", "supported", -0.095, -0.071, strong=True), ACCURACY)
    assert numbers == "−8.3 points (90% CI −9.5 to −7.1; n = 5 replicates)"


def test_the_margin_is_said_once():
    outcomes = ("greater", "inconclusive"), ("less", "contradicted"), ("less", "supported"), ("equivalent", "supported")
    for expect, outcome in outcomes:
        assert ", ".join(finding(verdict(expect, outcome, 0.001, 0.008), ACCURACY)).count("2 points") == 1
    named = verdict("less", "supported", 0.001, 0.008, margin=0.1, contrast={"rate": ("0.1", "1")})
    assert "margin 0.1;" in finding(named, MSE)[1], "a level of the same name is none"


def test_a_bound_is_not_rounded_onto_the_margin():
    _, numbers = finding(verdict("less", "supported", -0.1162, -0.02003, strong=True), ACCURACY)
    assert "to −2.003;" in numbers


def test_errors_are_in_their_own_units():
    said = verdict("greater", "supported", 0.143, 0.337, strong=True, margin=0.1)
    found, numbers = finding(said, MSE)
    assert found == LED + "test MSE is higher by more than the margin of 0.1"
    assert numbers.startswith("+0.240 (90% CI +0.143 to +0.337;")
    assert brief(said, MSE) == "`gap` is 0.240 higher than `fc`"


def test_differences_of_logarithms_are_said_as_ratios():
    higher = verdict("greater", "supported", 0.2, 0.6, strong=True, margin=0.0953, scale="log")
    found, numbers = finding(higher, MSE)
    assert found == LED + "test MSE is higher by more than the margin of a factor of 1.1"
    assert numbers == "a factor of 1.49 (90% CI 1.22 to 1.82; n = 5 replicates)"
    assert brief(higher, MSE) == "`gap` is higher by a factor of 1.49 than `fc`"
    lower = verdict("less", "supported", -0.6, -0.2, strong=True, margin=0.0953, scale="log")
    assert finding(lower, MSE)[1] == "a factor of 0.67 (90% CI 0.55 to 0.82; n = 5 replicates)"
    assert brief(lower, MSE) == "`gap` is lower by a factor of 1.49 than `fc`"
    same = verdict("equivalent", "supported", -0.04, 0.06, margin=0.0953, scale="log")
    assert brief(same, MSE) == "`gap` is within a factor of 1.1 of `fc`"


def test_a_scale_and_a_share_are_named():
    assert finding(verdict("greater", "supported", 0.5, 0.9, margin=0.3, scale="logit"), ACCURACY) == (
        LED + "test accuracy is higher",
        "+0.70 logit (90% CI +0.50 to +0.90, margin 0.3 logit; n = 5 replicates)",
    )
    relative = replace(
        verdict("equivalent", "supported", -0.01, 0.02, margin=0.1, relative=True),
        share=Share(baseline=0.5, baseline_sd=0.0, correlation=0.0, interval=Interval(value=0.01)),
    )
    found, numbers = finding(relative, MSE)
    assert found.endswith("is the same within the margin of 10% of the baseline's mean")
    assert "+1% of the baseline's mean" in numbers


def test_an_interaction_compares_two_effects():
    claim = {"contrast": {}, "interaction": {"head": ("gap", "fc"), "norm": ("none", "batch")}, "at": {"layers": "10"}}
    said = verdict("less", "supported", -0.255, -0.175, strong=True, **claim)
    assert finding(said, ACCURACY)[0] == (
        "the effect on test accuracy of `gap` in place of `fc` (`head`; at `layers=10`) is lower with `none` than with "
        "`batch` (`norm`) by more than the margin of 2 points"
    )
    assert brief(said, ACCURACY) == (
        "the effect of `gap` instead of `fc` is 21.5 points lower with `norm=none` than with `batch` at `layers=10`"
    )
    same = verdict("equivalent", "inconclusive", -0.03, 0.01, **claim)
    assert finding(same, ACCURACY)[0].endswith(
        "is the same with `none` as with `batch` (`norm`) within the margin of 2 points"
    )
    assert (
        brief(same, ACCURACY)
        == "the effect of `gap` instead of `fc` with `norm=none` against that with `batch` at `layers=10`: open"
    )


def test_a_published_number_is_compared_with_what_was_found():
    claim = {"contrast": {}, "at": {"network": "conv", "positions": "ordered"}, "value": 0.94}
    said = verdict("value", "contradicted", -0.04, -0.03, **claim)
    assert finding(said, ACCURACY)[0] == (
        "at `network=conv`, `positions=ordered`, test accuracy is lower than `0.94` by more than the margin of 2 "
        "points, where the same was claimed"
    )
    assert brief(said, ACCURACY) == "`network=conv, positions=ordered` is 3.50 points lower than the stated 0.94"
    known = replace(said, mean_arm=0.905)
    assert finding(known, ACCURACY)[1].startswith("found 0.9050, stated 0.94, a difference of −3.50 points (90% CI ")
    held = verdict("value", "supported", -0.01, 0.01, **claim)
    assert finding(held, ACCURACY)[0].endswith("test accuracy is `0.94` within the margin of 2 points")
    assert brief(held, ACCURACY) == "`network=conv, positions=ordered` is within 2 points of the stated 0.94"


def test_levels_that_say_nothing_have_their_factor():
    said = verdict("less", "supported", -0.5, -0.4, strong=True, contrast={"width": ("64", "16")})
    assert brief(said, ACCURACY) == "`width=64` is 45.0 points lower than `16`"


def test_levels_have_their_factor_where_claims_are_about_several():
    said = verdict("less", "supported", -0.095, -0.071, strong=True)
    assert brief(said, ACCURACY, with_factors=True) == "`head=gap` is 8.3 points lower than `fc`"


def test_the_setting_is_said():
    said = verdict("less", "supported", -0.095, -0.071, at={"layers": "10", "norm": "batch"})
    assert brief(said, ACCURACY) == "`gap` is 8.3 points lower than `fc` at `layers=10`, `norm=batch`"


def test_a_difference_within_the_margin_is_said_where_its_interval_has_no_0():
    said = verdict("equivalent", "supported", -0.015, -0.005)
    assert brief(said, ACCURACY) == "`gap` is within 2 points of `fc` (1.00 points lower)"


def test_why_a_claim_is_open_is_said():
    opened = replace(verdict("less", "inconclusive", -0.095, -0.071), untrained="its baseline learned nothing")
    assert finding(opened, ACCURACY)[0].endswith("is lower, because its baseline learned nothing")
    few = replace(verdict("less", None, -0.095, -0.071), interval=None, n=3)
    assert finding(few, ACCURACY) == (
        LED + "there is no verdict on the test accuracy, because it takes five replicates or more",
        "n = 3 replicates",
    )


def test_responses_have_names():
    names = {
        "test/sup_error": "test sup error",
        "train/loss": "training loss",
        "val/mse": "validation MSE",
        "end/dead_units": "dead units at the end",
        "val/updates_to_mse": "number of updates to validation MSE",
    }
    assert {name: response_name(name) for name in names} == names
    assert response_name("speed") == "speed"
