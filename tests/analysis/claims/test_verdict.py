import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ablate.analysis.claims.chances import chances
from ablate.analysis.claims.evidence import OUTCOMES
from ablate.analysis.claims.verdict import verdict
from ablate.analysis.outcomes.resolution import Resolution
from ablate.analysis.statistics.paired import paired
from ablate.analysis.summary import Needed, Verdict
from ablate.config.spec import Claim
from ablate.errors import ConfigError

Z = np.array([-1.3, 0.4, 0.9, -0.2, 1.1, -0.7, 0.3, -1.6, 0.5, 0.6])


def sample(mean, sd, n=10):
    """Differences of exactly this mean and SD."""
    z = Z[:n] - Z[:n].mean()
    return mean + sd * z / z.std(ddof=1)


def compare(differences, better="higher"):
    d = np.asarray(differences, dtype=float)
    return paired(d, np.zeros(len(d)), better=better, rng=np.random.default_rng(0))


def judge(expect, differences, *, margin=0.01, alpha=0.05, better="higher", **more):
    claim = Claim(contrast={"skip_span": ("one", "two")}, expect=expect, margin=margin, alpha=alpha)
    return verdict(claim, compare(differences, better), better=better, **more)


def test_a_verdict_goes_to_json_and_back():
    found = judge("greater", sample(0.01, 0.02), survivors=compare(sample(-0.1, 0.02)))
    assert msgspec.json.decode(msgspec.json.encode(found), type=Verdict) == found


@pytest.mark.parametrize(("alpha", "level"), [(0.05, 0.9), (0.025, 0.95), (0.1, 0.8)])
def test_the_interval_is_that_of_the_claims_alpha(alpha, level):
    d = sample(0.013, 0.02)
    found = judge("greater", d, alpha=alpha)
    theirs = stats.ttest_1samp(d, 0).confidence_interval(level)
    assert (found.interval.low, found.interval.high) == pytest.approx((theirs.low, theirs.high))
    assert found.interval.level == pytest.approx(level)
    assert found.p == pytest.approx(stats.ttest_1samp(d, 0, alternative="greater").pvalue)
    assert found.sd == pytest.approx(0.02)


def test_sleep_is_contradicted_as_r_would_have_it():
    one = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
    two = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
    found = judge("greater", one - two, margin=0.5, alpha=0.025)
    assert (found.interval.low, found.interval.high) == pytest.approx((-2.45989, -0.70011), abs=2e-5)
    assert found.outcome == "contradicted"
    assert found.evidence.contradicted == pytest.approx(0.0028329 / 2, abs=5e-8)


def test_greater_and_less_speak_of_the_number_whatever_is_better():
    d = sample(0.05, 0.02)
    for better in ("higher", "lower"):
        assert judge("greater", d, better=better).outcome == "supported"
        assert judge("less", d, better=better).outcome == "contradicted"
    assert judge("no_worse", d, better="higher").outcome == "supported"
    assert judge("no_worse", d, better="lower").outcome == "contradicted"


def test_strong_is_beyond_the_margin():
    assert judge("greater", sample(0.03, 0.02)).strong
    assert judge("less", -sample(0.03, 0.02)).strong
    weak = judge("greater", sample(0.015, 0.02))
    assert (weak.outcome, weak.strong) == ("supported", False)
    assert not judge("less", sample(0.03, 0.02)).strong
    assert not judge("equivalent", sample(0.001, 0.002)).strong


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("equal", [False, True])
def test_under_five_replicates_there_is_no_verdict(n, equal):
    found = judge("greater", np.ones(n) if equal else Z[:n] + 5)
    assert (found.outcome, found.alone, found.evidence, found.p, found.strong) == (None, None, None, None, False)
    assert found.needed == Needed(low=5, high=5)
    assert found.line.startswith("no verdict: a verdict takes 5 replicates; ")
    assert found.line.endswith(f"n = {n} paired")
    assert (found.interval is None) == (n < 3)
    assert (n >= 3 and not equal) == ("90% CI" in found.line)


@pytest.mark.parametrize("expect", ["greater", "less", "equivalent", "no_worse"])
@pytest.mark.parametrize("shift", [0.0, 0.3, -0.3])
def test_equal_differences_leave_any_claim_open(expect, shift):
    found = judge(expect, np.full(8, shift))
    assert (found.outcome, found.evidence, found.p, found.needed) == ("inconclusive", None, None, None)
    assert (found.interval.value, found.interval.low) == (shift, None)
    assert found.line == (
        "inconclusive: every replicate has the same difference between one and two, which leaves no interval; "
        f"Δ = {shift:g}, n = 8 paired; means {shift:g} and 0; small n: an arm that collapsed in 0 of 8 replicates may "
        "collapse in up to 31% of them, and with skewed differences an error of 5% may be one of 16%".replace("-", "−")
    )


def test_equal_differences_are_no_proof_of_equality():
    """An arm that loses .2 in one training of six is worse by .033, and agrees with the reference in most studies."""
    lost = np.random.default_rng(2).random((2000, 5)) < 1 / 6
    open_ = np.mean(~lost.any(axis=1))
    assert open_ > 0.35  # so often would "within ±.01" be said, and be false
    assert judge("equivalent", np.where(lost[~lost.any(axis=1)][0], -0.2, 0.0)).outcome == "inconclusive"


def test_needed_is_the_number_that_decides_with_80_per_cent():
    found = judge("greater", sample(0.008, 0.02))
    assert found.outcome == "inconclusive"
    half = stats.t.ppf(0.9, 9) / math.sqrt(10)  # of the 80% interval, in SDs
    enough = []
    for effect in (0.4 - half, 0.4 + half):
        odds = {n: chances("greater", n, margin=0.5, effect=effect).inconclusive for n in range(11, 1000)}
        enough.append(next(n for n, left in odds.items() if left <= 0.2))
    assert [found.needed.low, found.needed.high] == sorted(enough)
    assert found.needed.looks == (math.floor(max(enough) / 2), max(enough))
    mirrored = judge("less", -sample(0.008, 0.02))
    assert mirrored.needed == found.needed
    worse = [judge("no_worse", s * sample(0.008, 0.02), better=b) for s, b in ((-1, "higher"), (1, "lower"))]
    assert worse[0].needed == worse[1].needed
    assert judge("greater", sample(0.5, 0.02)).needed is None
    edge = judge("equivalent", sample(0.01, 0.02))
    assert (edge.outcome, edge.needed) == ("inconclusive", Needed(on_margin=True))
    near = judge("no_worse", sample(-0.008, 0.02))
    assert (near.outcome, near.needed) == ("inconclusive", Needed(on_margin=True))
    assert "the truth may lie on the margin, where no number of replicates decides" in near.line


def test_needed_probably_decides():
    """By simulation: studies of the larger number, were the difference at that end of its interval, and the SD 1."""
    found = judge("greater", sample(0.3, 1.0), margin=0.85)
    half = stats.t.ppf(0.9, 9) / math.sqrt(10)
    rng = np.random.default_rng(8)
    decided = [
        np.mean([judge("greater", d, margin=0.85).outcome != "inconclusive" for d in studies])
        for studies in (rng.normal(end, 1.0, size=(400, found.needed.high)) for end in (0.3 - half, 0.3 + half))
    ]
    assert min(decided) == pytest.approx(0.8, abs=0.07)


class TestDivergence:
    def test_two_verdicts_that_differ_are_inconclusive(self):
        found = judge("less", sample(-0.3, 0.2), survivors=compare(sample(0.02, 0.01, n=8)))
        assert (found.outcome, found.failure_sensitive) == ("inconclusive", True)
        assert (found.alone, found.survivors) == ("supported", "contradicted")
        assert (found.strong, found.needed, found.remarks) == (False, None, ())
        assert found.p < 0.05
        assert found.line == (
            "inconclusive (failure-sensitive): whether one is less than two hangs on the diverged trials, supported "
            "where they are scored, contradicted among the survivors only; Δ = −0.30, 90% CI −0.42 to −0.18, "
            "n = 10 paired; means −0.3 and 0"
        )
        assert found.heading == "inconclusive (failure-sensitive)"

    def test_an_open_primary_analysis_differs_too(self):
        found = judge("greater", sample(-0.1, 0.3), survivors=compare(sample(0.05, 0.01, n=8)))
        assert (found.alone, found.survivors) == ("inconclusive", "supported")
        assert (found.outcome, found.failure_sensitive, found.needed) == ("inconclusive", True, None)

    def test_two_verdicts_that_agree_stand(self):
        found = judge("less", sample(-0.3, 0.2), survivors=compare(sample(-0.2, 0.1, n=8)))
        assert (found.outcome, found.survivors, found.failure_sensitive) == ("supported", "supported", False)
        assert found.line.startswith("supported (strong): one is less than two by more than 0.01; ")

    def test_survivors_that_are_all_equal_leave_it_open(self):
        found = judge("less", sample(-0.3, 0.2), survivors=compare(np.zeros(6)))
        assert (found.outcome, found.survivors, found.failure_sensitive) == ("inconclusive", "inconclusive", True)

    @pytest.mark.parametrize("left", [0, 4])
    def test_too_few_survivors_have_no_verdict_to_differ(self, left):
        found = judge("less", sample(-0.3, 0.2), survivors=compare(Z[:left]))
        assert (found.outcome, found.survivors, found.failure_sensitive) == ("supported", None, False)
        (remark,) = found.remarks
        assert f"with {left} replicates of survivors only there is no second verdict" in remark

    def test_too_few_replicates_have_none_either_way(self):
        found = judge("less", Z[:4], survivors=compare(Z[:3]))
        assert (found.outcome, found.failure_sensitive) == (None, False)


def test_a_margin_under_the_resolution_is_remarked_on():
    blur = Resolution(se=0.0158, examples=360)
    (remark,) = judge("equivalent", sample(0.0, 0.01), resolution=blur).remarks
    assert remark == "The claim has a margin of 0.01, under the binomial SE of one accuracy on 360 examples, 0.016."
    assert judge("equivalent", sample(0.0, 0.01), margin=0.02, resolution=blur).remarks == ()
    assert judge("equivalent", sample(0.0, 0.01)).remarks == ()


def test_a_claim_that_states_nothing_is_refused():
    with pytest.raises(ConfigError, match="margin"):
        judge("equivalent", sample(0, 1), margin=-1)


@given(
    st.lists(st.floats(-1e6, 1e6).map(lambda x: float(f"{x:.3g}")), max_size=12),
    st.sampled_from(["greater", "less", "equivalent", "no_worse"]),
    st.sampled_from(["higher", "lower"]),
    st.sampled_from([1e-300, 1e-9, 1.0, 1e290]),
)
@settings(deadline=None, max_examples=150)
def test_no_data_break_a_verdict(d, expect, better, scale):
    found = judge(expect, np.array(d) * scale, margin=2.0 * scale, better=better)
    assert found.outcome in (None, *OUTCOMES)
    assert (found.outcome is None) == (len(d) < 5)
    assert found.line
    assert "nan" not in found.line
    if found.evidence is not None:
        ps = (found.evidence.supported, found.evidence.contradicted)
        assert all(0 <= p <= 1 and math.isfinite(p) for p in ps)
    if found.needed is not None and found.outcome is not None:
        ends = [end for end in (found.needed.low, found.needed.high) if end is not None]
        assert all(len(d) < end <= 1000 for end in ends)
        assert ends == sorted(ends)
        assert not (ends and found.needed.on_margin)
