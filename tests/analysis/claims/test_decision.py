import math

import numpy as np
import pytest
from scipy import stats

from ablate.analysis.claims.decision import decided
from ablate.analysis.claims.looks import plan
from ablate.config.spec import Claim

NAN = math.nan
LOOKS = plan(5, 20)
NOISE = np.random.default_rng(3).standard_normal(20)


def claim(expect, margin):
    return Claim(contrast={"factor": ("arm", "reference")}, expect=expect, margin=margin)


def decide(differences, expect="greater", margin=0.1, better="higher", **more):
    return decided(LOOKS, differences, claim(expect, margin), better=better, **more)


def test_before_the_first_look_nothing_is_decided():
    for differences in ([], [9.0], [9.0, 9.1, 9.2, 9.15], [NAN] * 20):
        found = decide(differences)
        assert (found.outcome, found.look, found.n, found.interval, found.wanted) == ("inconclusive", 0, 0, None, 5)


def test_the_interval_is_that_of_the_looks_level():
    found = decide(NOISE[:13])
    theirs = stats.ttest_1samp(NOISE[:12], 0).confidence_interval(1 - 2 * LOOKS.levels[2])
    assert (found.look, found.n, found.wanted) == (3, 12, 16)
    assert (found.interval.low, found.interval.high) == pytest.approx((theirs.low, theirs.high), rel=1e-9)
    assert found.interval.value == pytest.approx(np.mean(NOISE[:12]))
    assert (found.interval.level, found.interval.method) == (0.9, "repeated t")


def test_a_contrast_stops_where_it_is_decided_and_stays_so():
    effect = NOISE + 2
    stop = next(
        n for n, bound in zip(LOOKS.ns, LOOKS.bounds, strict=True) if stats.ttest_1samp(effect[:n], 0).statistic > bound
    )
    assert 5 < stop < 20
    found = decide(effect[:stop])
    assert (found.outcome, found.n, found.wanted) == ("supported", stop, None)
    assert decide(effect) == found
    assert decide([*effect[:stop], *[-50.0] * (20 - stop)]) == found
    assert decide(effect[: stop - 1]).wanted == stop


def test_at_the_last_look_the_plan_ends():
    found = decide([*NOISE - NOISE.mean(), 7.0, 8.0])
    assert (found.outcome, found.look, found.n, found.wanted) == ("inconclusive", 5, 20, None)


@pytest.mark.parametrize(
    ("expect", "better", "shift", "margin", "outcome"),
    [
        ("greater", "higher", 2.0, 0.5, "supported"),
        ("greater", "lower", 2.0, 0.5, "supported"),
        ("greater", "higher", -2.0, 0.5, "contradicted"),
        ("less", "higher", -2.0, 0.5, "supported"),
        ("less", "higher", 2.0, 0.5, "contradicted"),
        ("greater", "higher", 0.0, 3.0, "equivalent"),
        ("less", "higher", 0.0, 3.0, "equivalent"),
        ("greater", "higher", 1.0, 5.0, "equivalent"),
        ("equivalent", "higher", 0.0, 3.0, "supported"),
        ("equivalent", "higher", 5.0, 3.0, "contradicted"),
        ("equivalent", "higher", -5.0, 3.0, "contradicted"),
        ("equivalent", "higher", 3.0, 3.0, "inconclusive"),
        ("no_worse", "higher", 0.0, 3.0, "equivalent"),
        ("no_worse", "higher", 9.0, 3.0, "supported"),
        ("no_worse", "higher", -5.0, 3.0, "contradicted"),
        ("no_worse", "lower", -9.0, 3.0, "supported"),
        ("no_worse", "lower", 5.0, 3.0, "contradicted"),
        ("no_worse", "lower", 3.0, 3.0, "inconclusive"),
    ],
)
def test_each_claim_finds_its_outcome(expect, better, shift, margin, outcome):
    noise = NOISE - NOISE.mean()
    assert decide(noise + shift, expect, margin, better).outcome == outcome


def test_a_missing_replicate_never_shifts_a_look():
    differences = (NOISE + 0.4).copy()
    differences[[1, 5]] = NAN
    found = decide(differences[:9])
    kept = np.delete(NOISE + 0.4, [1, 5])[:6]
    theirs = stats.ttest_1samp(kept, 0).confidence_interval(1 - 2 * LOOKS.levels[1])
    assert (found.look, found.n, found.wanted) == (2, 6, 12)
    assert (found.interval.low, found.interval.high) == pytest.approx((theirs.low, theirs.high), rel=1e-9)


def test_trailing_gaps_are_replicates_that_are_not_there_yet():
    assert decide([*NOISE[:9], *[NAN] * 11]) == decide(NOISE[:9])


def test_under_five_differences_and_equal_ones_decide_nothing():
    few = decide([5.0, 5.1, 5.2, NAN, 5.15])
    assert (few.outcome, few.look, few.n, few.interval) == ("inconclusive", 1, 4, None)
    assert decided(plan((6, 20), 20), [5.0, 5.1, 5.2, NAN, 5.15, 5.05], claim("greater", 0.1), better="higher").n == 5
    equal = decide([0.5] * 20)
    assert (equal.outcome, equal.look, equal.interval, equal.wanted) == ("inconclusive", 5, None, None)
    near = [0.5, 0.5 + 1e-9] * 10
    assert decide(near).outcome == "supported"
    assert decide(near, tolerance=1e-8).outcome == "inconclusive"


def rates(expect, margin, true, studies=2000, looks=LOOKS, seed=23):
    draws = np.random.default_rng(seed).normal(true, 1.0, (studies, looks.replicates))
    found = [decided(looks, row, claim(expect, margin), better="higher").outcome for row in draws]
    return {outcome: found.count(outcome) / studies for outcome in set(found)}


@pytest.mark.parametrize(
    ("expect", "margin", "true", "wrong"),
    [
        ("greater", 0.0, 0.0, ("supported", "contradicted")),
        ("less", 0.6, 0.0, ("supported", "contradicted")),
        ("greater", 1.2, 1.2, ("equivalent",)),
        ("equivalent", 1.2, 1.2, ("supported", "contradicted")),
        ("equivalent", 1.2, -1.2, ("supported", "contradicted")),
        ("no_worse", 0.5, -0.5, ("supported", "contradicted", "equivalent")),
    ],
)
def test_each_error_stays_within_alpha_over_all_looks(expect, margin, true, wrong):
    found = rates(expect, margin, true)
    for outcome in wrong:
        assert found.get(outcome, 0.0) < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 2000)


def test_false_equivalence_reaches_alpha_at_the_margin():
    assert rates("equivalent", 1.2, 1.2)["supported"] > 0.05 - 3 * math.sqrt(0.05 * 0.95 / 2000)


def test_ten_replicates_keep_alpha_too():
    found = rates("greater", 0.0, 0.0, looks=plan(3, 10))
    assert abs(found["supported"] - 0.05) < 3 * math.sqrt(0.05 * 0.95 / 2000)
