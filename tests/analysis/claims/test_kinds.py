"""Claims on simple effects, interactions, values, other scales and relative margins, against scipy and statsmodels."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import special, stats
from statsmodels.stats.weightstats import DescrStatsW

from ablate.analysis.claims.evidence import decide, evidence, relative_evidence
from ablate.analysis.claims.foresight import foresee
from ablate.analysis.claims.judgement import due
from ablate.analysis.summarise import summarise
from ablate.config.spec import Claim, Factor, Response, StudySpec
from ablate.design import lay_out
from ablate.store.record import Counts, Record

EXAMPLES = 250
GAP = {"head": ("gap", "fc")}
CROSSED = {"head": ("gap", "fc"), "act": ("softmax", "relu")}
POINT = {"act": "relu", "head": "fc", "init": "he"}


def factor(name, *levels):
    return Factor(name=name, levels={level: (f"model.{name}={level}",) for level in levels}, reference=levels[0])


SPEC = StudySpec(
    name="where",
    question="Where does it hold?",
    design="factorial",
    factors=(factor("act", "relu", "softmax"), factor("head", "fc", "gap"), factor("init", "he", "small", "big")),
    response=Response(name="test/accuracy", better="higher", trivial=0.1),
    replicates=9,
    seed=0,
)


def truth(levels):
    """`gap` is worse with `softmax` alone, and with `small` too little is left to tell from chance."""
    return 0.8 - 0.3 * (levels["head"] == "gap") * (levels["act"] == "softmax") - 0.4 * (levels["init"] == "small")


def simulated(spec, *, seed=0, noise=0.01, of=truth):
    """(points, replicates) shares of EXAMPLES examples, with a level that all points of a replicate share."""
    rng = np.random.default_rng(seed)
    points = lay_out(spec).points
    block = rng.normal(0, 0.02, spec.replicates)
    means = np.array([of(p.levels) for p in points])[:, None]
    values = means + block + rng.normal(0, noise, (len(points), spec.replicates))
    return np.round(np.clip(values, 0, 1) * EXAMPLES) / EXAMPLES


def recorded(spec, values):
    return [
        Record(
            id=f"{row}-{replicate}",
            study=spec.name,
            levels=dict(point.levels),
            replicate=replicate,
            state="complete",
            responses={spec.response.name: float(value)},
            counts=Counts(test_examples=EXAMPLES),
            seconds=1.0,
            started="2026-01-01T00:00:00+00:00",
        )
        for row, point in enumerate(lay_out(spec).points)
        for replicate, value in enumerate(values[row])
    ]


def summary(spec, values):
    return summarise(spec, lay_out(spec).points, recorded(spec, values), rng=np.random.default_rng(0))


def judged(claim, values=None, **more):
    spec = replace(SPEC, claims=(claim,), **more)
    (found,) = summary(spec, simulated(spec) if values is None else values).verdicts
    return found


def rows(**levels):
    return [r for r, p in enumerate(lay_out(SPEC).points) if levels.items() <= dict(p.levels).items()]


def side(values, **levels):
    return values[rows(**levels)].mean(axis=0)


def check(found, differences, *, margin):
    """Mean, interval and both p of equivalence against scipy's t interval and statsmodels' two one-sided tests."""
    scipy = stats.ttest_1samp(differences, 0).confidence_interval(0.9)
    assert found.interval.value == pytest.approx(np.mean(differences))
    assert (found.interval.low, found.interval.high) == pytest.approx((scipy.low, scipy.high))
    p, lower, upper = DescrStatsW(differences).ttost_mean(-margin, margin)
    if found.claim.is_equivalence:
        assert found.evidence.supported == pytest.approx(p, rel=1e-6)
    else:
        assert found.evidence.equivalent == pytest.approx(p, rel=1e-6)
        less = stats.ttest_1samp(differences, 0, alternative="less").pvalue
        assert found.evidence.supported == pytest.approx(less if found.claim.expect == "less" else 1 - less, rel=1e-6)
    assert max(lower[1], upper[1]) == pytest.approx(p)
    assert found.n == SPEC.replicates


def test_a_simple_effect_is_that_of_its_place():
    values = simulated(SPEC)
    found = judged(Claim(contrast=GAP, at={"act": "relu"}, expect="equivalent", margin=0.02))
    check(found, side(values, act="relu", head="gap") - side(values, act="relu", head="fc"), margin=0.02)
    assert (found.outcome, found.family) == ("supported", 1)
    said = (
        "equivalent (better, within the margin): gap is within ±0.02 of fc at act=relu; Δ = 0.0050, 90% CI 0.0004 to "
    )
    assert found.line.startswith(said)
    average = judged(Claim(contrast=GAP, expect="equivalent", margin=0.02))
    assert average.outcome == "contradicted"


def test_a_simple_effect_at_all_other_factors_averages_nothing():
    values = simulated(SPEC)
    found = judged(Claim(contrast=GAP, at={"act": "softmax", "init": "big"}, expect="less", margin=0.02))
    at = {"act": "softmax", "init": "big"}
    check(found, side(values, head="gap", **at) - side(values, head="fc", **at), margin=0.02)
    assert (found.outcome, found.strong, found.averaged) == ("supported", True, None)
    assert "averaged over" not in found.line


@pytest.mark.parametrize("at", [{}, {"init": "big"}])
def test_an_interaction_is_the_whole_difference_of_differences(at):
    values = simulated(SPEC)
    found = judged(Claim(interaction=CROSSED, at=at, expect="less", margin=0.02))
    first = side(values, head="gap", act="softmax", **at) - side(values, head="fc", act="softmax", **at)
    second = side(values, head="gap", act="relu", **at) - side(values, head="fc", act="relu", **at)
    check(found, first - second, margin=0.02)
    assert found.interval.value == pytest.approx(-0.3, abs=0.02)
    assert (found.mean_arm, found.mean_reference) == pytest.approx((first.mean(), second.mean()))
    where = " at init=big" if at else ""
    assert found.line.startswith(
        f"supported (strong): gap − fc at softmax is less than gap − fc at relu by more than 0.02{where}; "
    )
    assert "; simple effects −0.3" in found.line
    assert found.why is None


def test_an_interaction_whose_interval_excludes_0_has_a_sign_and_no_better_side():
    shifted = simulated(SPEC, noise=0.002, of=lambda levels: 0.7 + 0.02 * (levels["head"] == levels["act"] == "x"))
    shifted[rows(head="gap", act="softmax")] += 0.012
    found = judged(Claim(interaction=CROSSED, expect="equivalent", margin=0.05), shifted)
    assert found.heading == "supported (positive, within the margin)"


def test_equal_cells_of_a_large_response_are_equal_differences_of_differences():
    """Each of four cells is rounded by itself: their difference of differences is 0 to within that, and no more."""
    values = np.full((12, 9), 0.8) + np.random.default_rng(0).uniform(-1e-8, 1e-8, (12, 9))
    found = judged(Claim(interaction=CROSSED, expect="equivalent", margin=0.01), values)
    assert (found.outcome, found.evidence) == ("inconclusive", None)


@pytest.mark.parametrize(("value", "outcome"), [(0.8, "supported"), (0.9, "contradicted"), (0.835, "inconclusive")])
def test_a_points_mean_is_held_against_a_number(value, outcome):
    values = simulated(SPEC)
    found = judged(Claim(at=POINT, expect="value", value=value, margin=0.03))
    check(found, side(values, **POINT) - value, margin=0.03)
    assert found.outcome == outcome
    assert (found.mean_arm, found.mean_reference) == (pytest.approx(side(values, **POINT).mean()), None)
    assert f"act=relu, head=fc, init=he is within ±0.03 of {value:g}" in found.line or outcome == "contradicted"
    assert f"; mean {found.mean_arm:.4g} (trivial predictor 0.1); " in found.line


def test_on_the_logit_scale_responses_are_transformed_before_they_are_averaged():
    values = simulated(SPEC)
    claim = Claim(contrast=GAP, at={"act": "softmax"}, expect="less", margin=0.5, scale="logit")
    found = judged(claim)
    k = values * EXAMPLES
    logits = np.log((k + 0.5) / (EXAMPLES - k + 0.5))
    check(found, side(logits, act="softmax", head="gap") - side(logits, act="softmax", head="fc"), margin=0.5)
    assert found.mean_arm == pytest.approx(side(values, act="softmax", head="gap").mean())
    assert found.line.startswith(
        "supported (strong): gap is less than fc by more than 0.5 logit at act=softmax; Δ logit"
    )


def test_on_the_log_scale():
    spec = replace(SPEC, response=Response(name="test/mse", better="lower"))
    values = np.exp(simulated(spec))
    found = judged(Claim(contrast=GAP, expect="less", margin=0.1, scale="log"), values, response=spec.response)
    check(found, side(np.log(values), head="gap") - side(np.log(values), head="fc"), margin=0.1)


def test_a_value_on_the_logit_scale():
    values = simulated(SPEC)
    found = judged(Claim(at=POINT, expect="value", value=0.8, margin=0.3, scale="logit"))
    k = side(values, **POINT) * EXAMPLES
    check(found, np.log((k + 0.5) / (EXAMPLES - k + 0.5)) - special.logit(0.8), margin=0.3)


def test_a_response_without_a_logarithm_leaves_no_verdict():
    values = np.exp(simulated(SPEC))
    values[rows(head="gap")[0], 3] = 0.0
    response = Response(name="test/mse", better="lower")
    found = judged(Claim(contrast=GAP, expect="less", margin=0.1, scale="log"), values, response=response)
    assert (found.outcome, found.n) == (None, 8)
    assert "no verdict: 1 of the responses that it compares has no log" in found.line
    assert judged(Claim(contrast=GAP, expect="less", margin=0.1), values, response=response).outcome is not None


def test_a_relative_margin_is_a_share_of_the_baseline_whose_error_counts():
    values = simulated(SPEC)
    claim = Claim(contrast=GAP, at={"act": "softmax"}, expect="equivalent", margin=0.4, relative=True)
    found = judged(claim)
    differences = side(values, act="softmax", head="gap") - side(values, act="softmax", head="fc")
    baseline = side(values, **POINT)
    above = stats.ttest_1samp(differences + 0.4 * baseline, 0, alternative="greater").pvalue
    below = stats.ttest_1samp(differences - 0.4 * baseline, 0, alternative="less").pvalue
    assert found.evidence.supported == pytest.approx(max(above, below))
    assert found.share.baseline == pytest.approx(baseline.mean())
    assert found.margin == pytest.approx(0.4 * baseline.mean())
    low, high = found.share.interval.low, found.share.interval.high
    for end in (low, high):  # of a 90% interval: the one-sided p there is 5%
        assert stats.ttest_1samp(differences - end * baseline, 0).pvalue == pytest.approx(0.1)
    assert found.outcome == "supported"
    assert "gap is within ±40% (of the baseline's mean) of fc at act=softmax; Δ = " in found.line
    assert f"which is {100 * found.share.interval.value:.3g}% (".replace("-", "−") in found.line


def test_a_relative_margin_says_with_its_interval_what_the_outcome_does():
    """Over many margins: supported exactly where Fieller's interval is inside them, contradicted where it is beyond."""
    for margin in np.linspace(0.3, 0.45, 31):
        found = judged(
            Claim(contrast=GAP, at={"act": "softmax"}, expect="equivalent", margin=float(margin), relative=True)
        )
        low, high = found.share.interval.low, found.share.interval.high
        inside, beyond = -margin < low and high < margin, high < -margin or low > margin
        assert (found.outcome == "supported", found.outcome == "contradicted") == (inside, beyond)


def test_among_several_relative_margins_the_share_is_at_holms_level_too():
    claims = [
        Claim(contrast=GAP, at={"act": a}, expect="equivalent", margin=0.1, relative=True) for a in ("relu", "softmax")
    ]
    spec = replace(SPEC, claims=tuple(claims))
    for found in summary(spec, simulated(spec)).verdicts:
        assert found.share.interval.level == found.interval.level


def test_several_contrasts_are_one_family():
    levels = ("small", "big")
    claims = tuple(Claim(contrast={"init": (level, "he")}, expect="equivalent", margin=0.02) for level in levels)
    claims += (Claim(contrast={"init": levels}, expect="less", margin=0.02),)
    found = summary(replace(SPEC, claims=claims), simulated(SPEC)).verdicts
    assert [v.outcome for v in found] == ["contradicted", "supported", "supported"]
    assert {v.family for v in found} == {3}


class TestAverages:
    def test_it_says_over_how_many_settings_and_the_range_of_the_effects(self):
        values = simulated(SPEC)
        found = judged(Claim(contrast=GAP, expect="less", margin=0.02)).averaged
        effects = {
            (act, init): float(
                np.mean(side(values, act=act, init=init, head="gap") - side(values, act=act, init=init, head="fc"))
            )
            for act in ("relu", "softmax")
            for init in ("he", "small", "big")
        }
        lowest, highest = min(effects, key=effects.get), max(effects, key=effects.get)
        assert (found.factors, found.settings, found.cells) == (("act", "init"), 6, 12)
        assert (tuple(found.lowest.at.values()), found.lowest.value) == (lowest, pytest.approx(effects[lowest]))
        assert (tuple(found.highest.at.values()), found.highest.value) == (highest, pytest.approx(effects[highest]))

    def test_the_range_is_on_the_claims_scale_and_of_interactions_too(self):
        values = simulated(SPEC)
        k = values * EXAMPLES
        logits = np.log((k + 0.5) / (EXAMPLES - k + 0.5))
        found = judged(Claim(interaction=CROSSED, expect="less", margin=0.02, scale="logit")).averaged
        effects = [
            np.mean(
                side(logits, head="gap", act="softmax", init=i)
                - side(logits, head="fc", act="softmax", init=i)
                - side(logits, head="gap", act="relu", init=i)
                + side(logits, head="fc", act="relu", init=i)
            )
            for i in ("he", "small", "big")
        ]
        assert (found.lowest.value, found.highest.value) == pytest.approx((min(effects), max(effects)))

    def test_cells_that_are_not_told_from_chance_or_from_the_best_are_counted(self):
        values = simulated(SPEC)
        chance, best = rows(head="gap", act="softmax", init="small"), rows(head="fc", act="relu", init="big")
        values[chance] = 0.1 + np.random.default_rng(1).normal(0, 0.01, 9)
        values[best] = 1.0
        found = judged(Claim(contrast=GAP, expect="less", margin=0.02), values)
        assert (found.averaged.at_floor, found.averaged.at_ceiling) == (1, 1)
        assert "of 12 cells 1 at the floor, 1 at the ceiling" in found.line
        elsewhere = judged(Claim(contrast=GAP, at={"init": "he"}, expect="less", margin=0.02), values)
        assert (elsewhere.averaged.at_floor, elsewhere.averaged.at_ceiling) == (0, 0)

    def test_without_a_trivial_score_the_floor_is_not_known_and_a_loss_has_no_ceiling(self):
        response = Response(name="test/loss", better="lower")
        found = judged(Claim(contrast=GAP, expect="less", margin=0.02), response=response)
        assert (found.averaged.at_floor, found.averaged.at_ceiling, found.trivial) == (None, None, None)

    def test_a_fraction_has_settings_and_no_range(self):
        names = "abcde"
        spec = replace(
            SPEC,
            design="fractional",
            resolution=5,
            factors=tuple(factor(n, f"{n}0", f"{n}1") for n in names),
            claims=(Claim(contrast={"a": ("a1", "a0")}, expect="greater", margin=0.01),),
        )
        (found,) = summary(spec, simulated(spec, of=lambda levels: 0.5)).verdicts
        assert (found.averaged.settings, found.averaged.lowest, found.averaged.cells) == (8, None, 16)


def test_with_looks_a_claim_of_any_kind_asks_for_the_points_that_it_compares():
    claims = (
        Claim(contrast=GAP, at={"act": "relu", "init": "he"}, expect="greater", margin=0.0001),
        Claim(interaction=CROSSED, at={"init": "he"}, expect="less", margin=0.1),
    )
    spec = replace(SPEC, claims=claims, looks=(5, 9))
    n, wanted = due(spec, lay_out(spec).points, recorded(spec, simulated(spec)[:, :5]))
    assert (n, wanted) == (9, frozenset(rows(act="relu", init="he")))


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        (Claim(contrast=GAP, at={"act": "relu"}, expect="equivalent", margin=0.02), "at act=relu, equivalent"),
        (Claim(interaction=CROSSED, expect="less", margin=0.02), "√2 times that of one"),
        (Claim(at=POINT, expect="value", value=0.8, margin=0.02), "points that truly have the stated value"),
        (Claim(contrast=GAP, expect="less", margin=0.1, relative=True), "neither is the baseline's mean"),
        (Claim(contrast=GAP, expect="less", margin=0.3, scale="logit"), "head: gap vs fc, less"),
    ],
)
def test_the_plan_gives_the_power_of_each_kind(claim, said):
    """Before a first trial in SDs; with some, the SD and the margin are those of the claim's own difference."""
    spec = replace(SPEC, claims=(claim,))
    points = lay_out(spec).points
    (line,) = foresee(spec, points, [])
    assert said in line
    assert "with probability" in line
    values = simulated(spec)
    (known,) = foresee(spec, points, recorded(spec, values))
    (found,) = summary(spec, values).verdicts
    assert f"(SD {found.sd:.3g} from n = 9 so far): n = 9, margin {found.margin / found.sd:.3g} SD of " in known


RATE = 4000
"""Studies in a simulation: an error rate of .05 has a Monte Carlo SE of .0034, and .06 is 3 SE above it."""


def rate(outcome, claim, differences, baseline=None):
    """How often a claim ends so, over rows of differences."""
    count = 0
    for row, d in enumerate(differences):
        n = len(d)
        if baseline is None:
            found = evidence(claim, better="higher", difference=np.mean(d), se=np.std(d, ddof=1) / n**0.5, df=n - 1)
        else:
            found = relative_evidence(claim, better="higher", differences=d, baseline=baseline[row])
        count += decide(found, alpha=0.05) == outcome
    return count / len(differences)


def test_the_error_rates_of_interactions_and_values_are_alphas():
    """Cells of unequal spread, correlated by their block: the t over replicates does not mind."""
    rng = np.random.default_rng(5)
    cells = rng.normal(0, 1, (RATE, 4, 6)) * np.array([0.5, 1, 2, 1])[:, None] + rng.normal(0, 3, (RATE, 1, 6))
    none = cells[:, 0] - cells[:, 1] - (cells[:, 2] - cells[:, 3])
    claim = Claim(interaction=CROSSED, expect="greater", margin=0.001)
    assert rate("supported", claim, none) == pytest.approx(0.05, abs=0.01)
    assert rate("contradicted", claim, none) == pytest.approx(0.05, abs=0.01)
    wide = Claim(interaction=CROSSED, expect="equivalent", margin=8.0)
    assert rate("supported", wide, none + 8.0) == pytest.approx(0.05, abs=0.01)
    value = Claim(at=POINT, expect="value", value=0.0, margin=3.0)
    assert rate("supported", value, cells[:, 1] + 3.0) <= 0.06
    assert rate("contradicted", value, cells[:, 1] - 3.0) == pytest.approx(0.05, abs=0.01)


def test_the_error_rates_of_relative_margins_are_alphas_where_a_known_margin_would_have_more():
    """The true difference is exactly 30% of the baseline's mean, which varies more than the differences do."""
    rng = np.random.default_rng(6)
    baseline = rng.normal(1.0, 0.2, (RATE, 6))
    differences = 0.3 + rng.normal(0, 0.02, (RATE, 6))
    claim = Claim(contrast=GAP, expect="equivalent", margin=0.3, relative=True)
    right = rate("supported", claim, differences, baseline), rate("contradicted", claim, differences, baseline)
    assert right == pytest.approx((0.05, 0.05), abs=0.01)
    # As if each study's own baseline mean were the true one:
    false = np.mean([
        rate("supported", replace(claim, margin=0.3 * b.mean(), relative=False), d[None])
        for d, b in zip(differences[:1000], baseline[:1000], strict=True)
    ])  # fmt: skip
    assert false > 0.2


def test_the_error_rates_on_the_logit_scale_are_alphas():
    """Shares of 250 examples whose true logits vary from training to training."""
    rng = np.random.default_rng(7)

    def logits(mean):
        k = rng.binomial(EXAMPLES, special.expit(rng.normal(mean, 0.3, (RATE, 6))))
        return np.log((k + 0.5) / (EXAMPLES - k + 0.5))

    claim = Claim(contrast=GAP, expect="greater", margin=0.01, scale="logit")
    none = logits(2.0) - logits(2.0)
    assert rate("supported", claim, none) <= 0.06
    assert rate("contradicted", claim, none) <= 0.06
    wide = replace(claim, expect="equivalent", margin=1.0)
    assert rate("supported", wide, logits(2.0) - logits(1.0)) <= 0.06
