"""Claims across data sets: each counts as one value, and a verdict takes five of them."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from statsmodels.regression.mixed_linear_model import MixedLM

from ablate.analysis.claims.chances import chances
from ablate.analysis.claims.claim import check_claim, check_replicates
from ablate.analysis.claims.evidence import decide, evidence
from ablate.analysis.claims.foresight import foresee
from ablate.analysis.claims.looks import check_looks
from ablate.analysis.summarise import summarise
from ablate.config.spec import Claim, Factor, Response, StudySpec
from ablate.design import lay_out
from ablate.errors import ConfigError, DesignError
from ablate.store.record import Counts, Record

pytestmark = pytest.mark.numeric

CLAIM = Claim(contrast={"head": ("gap", "fc")}, expect="greater", margin=0.01, across="data")


def study(sets, *claims, arms=("fc", "gap"), replicates=4, **more):
    data = Factor(name="data", levels={f"d{i}": (f"data=d{i}",) for i in range(sets)}, reference="d0")
    head = Factor(name="head", levels={arm: (f"model.head={arm}",) for arm in arms}, reference=arms[0])
    return StudySpec(
        **{
            "name": "across",
            "question": "Does it hold on other data?",
            "design": "factorial",
            "factors": (data, head),
            "response": Response(name="test/accuracy", better="higher", trivial=0.1),
            "replicates": replicates,
            "seed": 0,
            "claims": claims,
        }
        | more
    )


def simulated(spec, *, effect=0.03, between=0.02, noise=0.005, seed=0):
    """(data sets, arms, replicates): a level, and an effect, of each data set; noise of each training."""
    rng = np.random.default_rng(seed)
    sets, arms = (len(f.levels) for f in spec.factors[:2])
    level = rng.uniform(0.5, 0.7, (sets, 1, 1))
    step = rng.normal(effect, between, (sets, 1, 1)) * np.arange(arms)[None, :, None]
    return level + step + rng.normal(0, noise, (sets, arms, spec.replicates))


def summary(spec, values, **changes):
    points = lay_out(spec).points
    records = []
    for row, point in enumerate(points):
        place = tuple(list(f.levels).index(point.levels[f.name]) for f in spec.factors)
        for r in range(spec.replicates):
            value = values[(*place, r)]
            records.append(
                Record(
                    id=f"{row}-{r}",
                    study=spec.name,
                    levels=dict(point.levels),
                    replicate=r,
                    state="complete" if np.isfinite(value) else "diverged",
                    responses={spec.response.name: float(value)} if np.isfinite(value) else {},
                    counts=Counts(test_examples=200, train_examples=400, sampling="redrawn"),
                    seconds=1.0,
                    started="2026-01-01T00:00:00+00:00",
                    **changes,
                )
            )
    return summarise(spec, points, records, rng=np.random.default_rng(0))


def test_the_verdict_counts_data_sets():
    spec = study(7, CLAIM)
    values = simulated(spec, effect=0.06)
    (found,) = summary(spec, values).verdicts
    means = (values[:, 1] - values[:, 0]).mean(axis=1)
    expected = stats.ttest_1samp(means, 0, alternative="greater")
    assert (found.n, found.evidence.supported) == (7, pytest.approx(expected.pvalue))
    interval = stats.t.interval(0.9, 6, means.mean(), stats.sem(means))
    assert (found.interval.low, found.interval.high) == pytest.approx(interval)
    assert found.outcome == "supported"
    assert "gap is greater than fc across data; Δ = " in found.line.replace(" by more than 0.01", "")
    assert "n = 7 data sets" in found.line
    assert "replicate" not in found.line
    assert found.resampled is None
    assert found.unseen_collapse is None


def test_beside_it_stand_each_data_set_the_mean_on_these_and_ranks():
    spec = study(6, CLAIM, arms=("fc", "gap", "conv"), replicates=5)
    values = simulated(spec)
    (found,) = summary(spec, values).verdicts
    across = found.across
    d = values[:, 1] - values[:, 0]
    for effect, row in zip(across.sets, d, strict=True):
        low, high = stats.t.interval(0.9, 4, row.mean(), stats.sem(row))
        assert (effect.difference.low, effect.difference.high) == pytest.approx((low, high))
    marginal = d.mean(axis=0)
    assert across.marginal.value == pytest.approx(found.interval.value)
    assert across.marginal.high == pytest.approx(stats.t.interval(0.9, 4, marginal.mean(), stats.sem(marginal))[1])
    assert across.signed_rank.p == pytest.approx(stats.wilcoxon(d.mean(axis=1), method="exact").pvalue)
    means = values.mean(axis=2)
    assert across.ranks.levels == ("fc", "gap", "conv")
    assert across.ranks.average == pytest.approx(stats.rankdata(-means, axis=1).mean(axis=0))
    expected = stats.friedmanchisquare(*means.T)
    assert (across.ranks.friedman, across.ranks.friedman_p) == pytest.approx((expected.statistic, expected.pvalue))


def test_the_spread_over_data_sets_is_remls():
    """With as many replicates of each data set: a random effect of the data set on the paired differences."""
    spec = study(8, CLAIM, replicates=6)
    values = simulated(spec, between=0.03, noise=0.01)
    (found,) = summary(spec, values).verdicts
    d = values[:, 1] - values[:, 0]
    fit = MixedLM(d.ravel() * 100, np.ones((d.size, 1)), groups=np.repeat(np.arange(8), 6)).fit(reml=True)
    assert found.across.between == pytest.approx(np.sqrt(fit.cov_re[0, 0]) / 100, rel=1e-3)
    assert found.interval.value == pytest.approx(fit.fe_params[0] / 100)
    t = stats.t.ppf(0.95, 7)
    assert found.interval.high - found.interval.value == pytest.approx(t * fit.bse_fe[0] / 100, rel=1e-3)


@pytest.mark.parametrize(("sets", "p"), [(2, "0.5"), (3, "0.25"), (4, "0.125")])
def test_few_data_sets_conclude_nothing(sets, p):
    spec = study(sets, CLAIM, replicates=30)
    (found,) = summary(spec, simulated(spec, effect=0.2, between=0.001)).verdicts
    assert found.outcome is None
    assert found.across.signed_rank is None
    assert found.across.ranks.friedman is None
    assert found.across.ranks.average == (2.0, 1.0)
    assert "a verdict takes 5 data sets" in found.line
    assert f"{sets} data sets cannot tell what holds across data sets" in found.line
    assert f"a sign-flip p would still be {p}" in found.line


def test_the_two_populations_have_two_answers():
    """Replicates tell the mean on these data sets; the data sets disagree, so that nothing is known of others."""
    spec = study(6, replace(CLAIM, across=""), CLAIM, replicates=8)
    values = simulated(spec, between=0.0)
    values[:, 1] = values[:, 0] + np.array([0.2, -0.1, 0.15, -0.12, 0.1, 0.05])[:, None]
    values[:, 1] += np.random.default_rng(1).normal(0, 0.002, (6, 8))
    here, across = summary(spec, values).verdicts
    assert (here.outcome, here.n) == ("supported", 8)
    assert (across.outcome, across.n) == ("inconclusive", 6)
    assert across.across.marginal.low > 0 > across.interval.low
    assert across.family == 2


def test_a_scale_and_levels_that_are_held():
    other = Factor(name="norm", levels={"none": ("model.norm=none",), "batch": ("model.norm=batch",)}, reference="none")
    claim = replace(CLAIM, at={"norm": "batch"}, scale="logit", margin=0.05)
    spec = study(6, claim)
    spec = replace(spec, factors=(*spec.factors, other))
    values = np.stack([simulated(spec, seed=s) for s in (1, 2)], axis=2)
    (found,) = summary(spec, values).verdicts
    held = values[:, :, 1]
    k = held * 200
    logits = np.log((k + 0.5) / (200 - k + 0.5))
    means = (logits[:, 1] - logits[:, 0]).mean(axis=1)
    assert found.interval.value == pytest.approx(means.mean())
    assert found.mean_arm == pytest.approx(held[:, 1].mean())


def test_diverged_trials_are_scored_by_their_own_chance():
    """Where data sets have other numbers of classes, so has the value that stands in for a diverged trial."""
    spec = study(5, CLAIM)
    values = simulated(spec)
    values[3, 1, 2] = np.nan

    def configured(chance):
        return {"objective": {"responses": {"accuracy": {"better": "higher", "trivial": chance}}}}

    points = lay_out(spec).points
    whole = summary(spec, values, config=configured(0.1))
    records = whole.verdicts[0].across.sets[3]
    assert records.mean_arm == pytest.approx((np.nansum(values[3, 1]) + 0.1) / 4)
    assert len(points) == 10
    (found,) = whole.verdicts
    assert found.survivors is not None


def test_power_is_that_of_data_sets():
    spec = study(8, CLAIM, replicates=3)
    (line,) = foresee(spec, lay_out(spec).points, [])
    assert "the SD of the data sets' differences is not known" in line
    assert "n = 8 data sets, margin 1 SD of the data sets' differences" in line
    shown = chances("greater", 8, margin=1.0, effect=1.0).supported
    assert f"with probability {shown:.0%}, and takes " in line
    assert " data sets for 80%" in line
    (few,) = foresee(study(2, CLAIM), lay_out(study(2, CLAIM)).points, [])
    assert "2 data sets carry no verdict, whatever the number of replicates: a claim across data sets takes 5" in few


def test_error_rates_over_data_sets():
    """Data sets whose effects are 0 in the mean: the replicates' test errs far too often, this one does not."""
    rng = np.random.default_rng(2)
    sets, replicates, studies = 6, 10, 3000
    truth = rng.normal(0, 1, (studies, sets, 1))
    d = truth + rng.normal(0, 0.5, (studies, sets, replicates))
    wrong = np.zeros(2)
    for each in d:
        for kind, values in enumerate((each.mean(axis=1), each.mean(axis=0))):
            n = len(values)
            found = evidence(
                replace(CLAIM, margin=1e-9),
                better="higher",
                difference=float(values.mean()),
                se=float(values.std(ddof=1) / np.sqrt(n)),
                df=n - 1,
            )
            wrong[kind] += decide(found, alpha=0.05) == "supported"
    over_sets, over_replicates = wrong / studies
    assert stats.binomtest(int(wrong[0]), studies, 0.05).pvalue > 1e-3
    assert over_sets < 0.07
    assert over_replicates > 0.3


def test_what_is_refused():
    accuracy = Response(name="test/accuracy", better="higher", trivial=0.1)
    error = Response(name="test/mse", better="lower")
    check_claim(CLAIM, accuracy)
    check_claim(replace(CLAIM, scale="log"), error)
    check_replicates(study(6, CLAIM, replicates=3))
    with pytest.raises(ConfigError, match=r"test/mse has the units of each data set.* Use scale: log"):
        check_claim(CLAIM, error)
    with pytest.raises(ConfigError, match=r"share of the baseline's mean, which is that of one data set. Write scale"):
        check_claim(replace(CLAIM, relative=True), accuracy)
    with pytest.raises(ConfigError, match="across goes with a contrast of two arms"):
        check_claim(replace(CLAIM, contrast={}, at={"head": "fc"}, expect="value", value=0.5), accuracy)
    with pytest.raises(ConfigError, match=r"counts data sets, and study\.looks are taken at numbers of replicates"):
        check_looks(study(6, CLAIM, replicates=10, looks=2))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"across": "dta"}, r"'dta' is no factor of the study, and a claim across data sets .* Of this study: data\."),
        ({"across": "other"}, r"the levels of 'other' set nothing of `data`, and so are no data sets"),
        ({"at": {"data": "d1"}}, r"holds levels of 'data', too\. Take it out of one of the two"),
        ({"contrast": {"data": ("d1", "d0")}}, r"compares levels of 'data', too\."),
    ],
)
def test_what_is_no_data_set_is_refused(changes, message):
    other = Factor(name="other", levels={"a": ("model.depth=1",), "b": ("model.depth=2",)}, reference="a")
    spec = study(5, replace(CLAIM, **changes))
    with pytest.raises(DesignError, match=message):
        lay_out(replace(spec, factors=(*spec.factors, other)))


def test_a_design_that_does_not_cross_them_is_refused():
    with pytest.raises(DesignError, match=r"changes one factor at a time: choose `design: factorial`"):
        lay_out(study(5, CLAIM, design="one_at_a_time"))
    with pytest.raises(DesignError, match="no two design points differ in head alone"):
        lay_out(study(5, CLAIM, exclude=({"data": "d2", "head": "gap"},)))
