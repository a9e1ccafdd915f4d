"""Splits that overlap: the corrected resampled interval beside a claim's own, where it belongs and nowhere else."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from ablate.analysis.claims.sensitivity import outcome_of
from ablate.analysis.statistics.resampled import corrected_interval
from ablate.analysis.summary import Interval
from ablate.config.spec import Claim, Response
from ablate.store.record import Counts

pytestmark = pytest.mark.numeric

D = (0.010, 0.020, 0.015, 0.005, 0.012)
"""Values given with the method: with n_test / n_train = .25."""
CLAIM = Claim(contrast={"head": ("gap", "fc")}, expect="greater", margin=0.001)


def counts(sampling, train=400, val=40, test=100):
    return Counts(train_examples=train, val_examples=val, test_examples=test, sampling=sampling)


def judged(lab, *claims, sampling="redrawn", response="test/accuracy", differences=D, reference=0.9, **more):
    spec = lab.spec(head=["fc", "gap"], replicates=len(differences))
    spec = replace(spec, claims=claims, response=Response(name=response, better="higher", trivial=0.1), **more)
    points = lab.points({"head": "fc"}, {"head": "gap"})
    records = [
        lab.record(spec, point.levels, r, reference + (point.levels["head"] == "gap") * d, counts=counts(sampling))
        for point in points
        for r, d in enumerate(differences)
    ]
    return lab.summarise_records(spec, points, records)


def test_the_stated_example(lab):
    (found,) = judged(lab, CLAIM).verdicts
    assert found.resampled.test_share == pytest.approx(0.25)
    interval = found.resampled.interval
    assert (found.interval.low, found.interval.high) == pytest.approx((0.007066, 0.017734), abs=5e-7)
    assert (interval.low, interval.high) == pytest.approx((0.004399, 0.020401), abs=5e-7)
    assert found.resampled.outcome == found.outcome == "supported"
    assert "; resampled 90% CI 0.0044 to 0.0204 (splits overlap)" in found.line


def test_it_says_where_it_leads_elsewhere(lab):
    """Strong by the t interval of this pool; the population leaves a difference within the margin."""
    spread = np.array([0.001, 0.02, 0.018, 0.0, 0.012])
    (found,) = judged(lab, CLAIM, differences=tuple(spread)).verdicts
    expected = corrected_interval(spread, test_share=0.25, level=0.9)
    assert (found.resampled.interval.low, found.resampled.interval.high) == pytest.approx(
        (expected.low, expected.high), abs=1e-9
    )
    assert (found.outcome, found.resampled.outcome) == ("supported", "inconclusive")
    assert "(splits overlap), inconclusive;" in found.line


@pytest.mark.parametrize(
    ("sampling", "response", "share"),
    [
        ("redrawn", "test/accuracy", 0.25),
        ("redrawn", "val/accuracy", 0.1),
        ("official", "val/accuracy", 0.1),
        ("official", "test/accuracy", None),
        ("fresh", "test/accuracy", None),
        ("fresh", "val/accuracy", None),
        ("redrawn", "train/accuracy", None),
        (None, "test/accuracy", None),
    ],
)
def test_only_where_the_scored_split_is_redrawn_from_one_pool(lab, sampling, response, share):
    (found,) = judged(lab, CLAIM, sampling=sampling, response=response).verdicts
    assert found.test_share == (None if share is None else pytest.approx(share))
    assert (found.resampled is None) == (share is None)
    assert ("resampled" in found.line) == (share is not None)


def test_what_intervals_speak_of_is_said_once(lab):
    notes = {s: " ".join(judged(lab, CLAIM, sampling=s).notes) for s in ("redrawn", "official", "fresh", None)}
    assert "population that the pool is a sample of" in notes["redrawn"]
    assert (
        "which examples test does not enter an interval: the binomial SE of an accuracy on it is" in notes["official"]
    )
    assert "Each replicate draws examples of its own" in notes["fresh"]
    assert not any(word in notes[None] for word in ("one pool", "one for all replicates", "draws examples of its own"))


def test_among_several_claims_at_the_level_of_holm(lab):
    other = replace(CLAIM, margin=0.03)
    found, _ = judged(lab, CLAIM, other).verdicts
    wider = stats.t.ppf((1 + found.interval.level) / 2, 4) * np.std(D, ddof=1) * np.sqrt(1 / 5 + 0.25)
    assert found.resampled.interval.level == found.interval.level
    assert found.resampled.interval.high - found.resampled.interval.value == pytest.approx(wider)


def test_of_a_share_of_the_baseline(lab):
    """Where the margin is a share, the outcome is that of Fieller's interval, widened alike."""
    claim = replace(CLAIM, margin=0.019, relative=True, expect="equivalent")
    near = (0.016, 0.012, 0.017, 0.011, 0.014)
    (found,) = judged(lab, claim, differences=near).verdicts
    assert (found.outcome, found.resampled.outcome) == ("supported", "inconclusive")
    wide = (0.014 - 0.9 * 0.019) / (np.std(near, ddof=1) * np.sqrt(1 / 5 + 0.25))
    assert stats.t.cdf(wide, 4) > 0.05 > stats.t.cdf(wide * np.sqrt(0.45 / 0.2), 4)


def test_a_look_has_its_own(lab):
    (found,) = judged(lab, CLAIM, differences=(*D, *D), looks=(5, 10)).verdicts
    half = found.interval.high - found.interval.value
    assert found.resampled.interval.high - found.resampled.interval.value == pytest.approx(
        half * np.sqrt(1 + found.n * 0.25)
    )


@pytest.mark.parametrize(
    ("expect", "low", "high", "outcome"),
    [
        ("greater", 0.01, 0.3, "supported"),
        ("greater", -0.3, -0.01, "contradicted"),
        ("greater", 0.01, 0.09, "equivalent"),
        ("greater", -0.01, 0.3, "inconclusive"),
        ("less", -0.3, -0.01, "supported"),
        ("no_worse", -0.09, 0.3, "supported"),
        ("no_worse", -0.3, -0.11, "contradicted"),
        ("equivalent", -0.09, 0.09, "supported"),
        ("equivalent", 0.11, 0.3, "contradicted"),
        ("equivalent", -0.3, 0.0, "inconclusive"),
        ("greater", None, None, "inconclusive"),
    ],
)
def test_the_rule_in_intervals(expect, low, high, outcome):
    claim = replace(CLAIM, expect=expect, margin=0.1)
    interval = Interval(value=0.0, low=low, high=high)
    assert outcome_of(claim, interval, better="higher") == outcome
    mirrored = Interval(value=0.0, low=None if high is None else -high, high=None if low is None else -low)
    if expect == "no_worse":
        assert outcome_of(claim, mirrored, better="lower") == outcome


def test_an_open_verdict_stays_open(lab):
    """What is open for another reason has no second outcome."""
    spec_differences = (0.010, 0.020, 0.015, 0.005)
    (found,) = judged(lab, CLAIM, differences=spec_differences).verdicts
    assert found.outcome is None
    assert found.resampled.outcome is None


def test_error_rates_in_a_population():
    """Differences with the correlation that the correction supposes: the t errs too often, this does not."""
    n, share, rng = 10, 0.25, np.random.default_rng(3)
    rho = share / (1 + share)
    shared = rng.normal(size=(4000, 1)) * np.sqrt(rho)
    d = shared + rng.normal(size=(4000, n)) * np.sqrt(1 - rho)
    t = d.mean(axis=1) / d.std(axis=1, ddof=1)
    limit = stats.t.ppf(0.95, n - 1)
    plain, corrected = (float(np.mean(t / np.sqrt(v) > limit)) for v in (1 / n, 1 / n + share))
    assert plain > 0.12
    assert corrected == pytest.approx(0.05, abs=0.012)
