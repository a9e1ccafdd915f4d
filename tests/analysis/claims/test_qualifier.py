import math

import numpy as np
import pytest
from scipy import stats

from ablate.analysis.claims.qualifier import SKEWED, unseen_collapses
from ablate.analysis.claims.verdict import leave_open, qualified, verdict
from ablate.analysis.statistics.paired import paired
from ablate.analysis.summary import Averaged, Extension, SimpleEffect
from ablate.config.spec import Claim

Z = np.array([-1.3, 0.4, 0.9, -0.2, 1.1, -0.7, 0.3, -1.6, 0.5, 0.6])
Z = (Z - Z.mean()) / Z.std(ddof=1)


def judge(expect, mean, sd=0.01, *, repeat=1, margin=0.1, better="higher", after=0, survivors=None, **more):
    claim = Claim(contrast={"a": ("y", "x")}, expect=expect, margin=margin, after=after)

    def compare(d):
        return paired(d, np.zeros(len(d)), better=better, rng=np.random.default_rng(0))

    left = None if survivors is None else compare(survivors)
    return verdict(claim, compare(mean + sd * np.tile(Z, repeat)), better=better, survivors=left, **more)


def names(found):
    return [q.name for q in found.qualifiers]


@pytest.mark.parametrize(
    ("expect", "mean", "better", "heading"),
    [
        ("equivalent", -0.05, "higher", "supported (worse, within the margin)"),
        ("equivalent", 0.05, "higher", "supported (better, within the margin)"),
        ("greater", 0.05, "lower", "equivalent (worse, within the margin)"),
        ("no_worse", -0.05, "lower", "equivalent (better, within the margin)"),
        ("equivalent", 0.001, "higher", "supported"),
        ("greater", 0.3, "higher", "supported (strong)"),
    ],
)
def test_an_equivalence_whose_interval_excludes_0_says_which_arm_is_better(expect, mean, better, heading):
    found = judge(expect, mean, better=better)
    assert found.heading == heading
    opening = heading.replace("supported", "equivalent", 1) if expect == "equivalent" else heading
    assert found.line.startswith(f"{opening}: ")


@pytest.mark.parametrize(("n", "share"), [(5, 0.45), (10, 0.26), (20, 0.14), (40, 0.07)])
def test_what_no_replicate_shows_may_happen_all_the_same(n, share):
    """A rate of collapses at which none of n replicates has one in 5% of studies."""
    assert round(unseen_collapses(n), 2) == share
    assert (1 - unseen_collapses(n)) ** n == pytest.approx(0.05)


def test_a_small_n_is_said_and_a_large_one_is_not():
    small, large = judge("greater", 0.3), judge("greater", 0.3, repeat=4)
    (said,) = small.qualifiers
    assert "collapsed in 0 of 10 replicates may collapse in up to 26%" in said.text
    assert f"small n: {said.text}" in small.line
    assert names(large) == []


def test_where_a_trial_diverged_its_rate_is_seen():
    assert names(judge("greater", 0.3, survivors=0.3 + 0.01 * Z[:8])) == []


@pytest.mark.parametrize(
    ("ends", "counts", "text"),
    [
        (
            (-0.7034, 0.1441),
            (9, 2),
            "16 settings of a, b, effects −0.703 to +0.144; of 32 cells 9 at the floor, 2 at the ceiling",
        ),
        ((-0.05, -0.0004), (0, None), "16 settings of a, b, effects −0.0500 to −0.0004; of 32 cells 0 at the floor"),
        ((-120.4, 3.0), (None, None), "16 settings of a, b, effects −120 to +3"),
        ((-0.0533, -0.00001), (None, None), "16 settings of a, b, effects −0.0533 to 0.0000"),
        (None, (None, 1), "16 settings of a, b; of 32 cells 1 at the ceiling"),
        ((0.0, 0.0), (None, None), "16 settings of a, b, effects 0 to 0"),
        ((-3e-12, 2e9), (None, None), "16 settings of a, b, effects −3.00e−12 to +2.00e+09"),
    ],
)
def test_what_is_averaged_over_is_said_with_its_range_and_its_ends(ends, counts, text):
    low, high = (None, None) if ends is None else (SimpleEffect(at={"a": "x"}, value=end) for end in ends)
    averaged = Averaged(
        factors=("a", "b"), settings=16, lowest=low, highest=high, cells=32, at_floor=counts[0], at_ceiling=counts[1]
    )
    found = judge("greater", 0.3, averaged=averaged)
    assert names(found) == ["averaged over", "small n"]
    assert found.qualifiers[0].text == text
    assert found.heading == "supported (strong)"
    assert f"; averaged over: {text}; small n: " in found.line


def test_factors_that_are_many_are_not_named():
    averaged = Averaged(
        factors=tuple("abcd"), settings=16, lowest=None, highest=None, cells=32, at_floor=None, at_ceiling=None
    )
    assert judge("greater", 0.3, averaged=averaged).qualifiers[0].text == "16 settings"


def test_the_rate_of_collapses_that_may_not_show_is_a_number_at_any_n():
    assert judge("greater", 0.3).unseen_collapse == pytest.approx(1 - 0.05 ** (1 / 10))
    assert judge("greater", 0.3, repeat=4).unseen_collapse == pytest.approx(1 - 0.05 ** (1 / 40))
    assert judge("greater", 0.3, survivors=0.3 + 0.01 * Z[:8]).unseen_collapse is None


def test_an_untuned_verdict_says_at_what_its_arms_trained():
    found = qualified(judge("greater", 0.3), mixed_code="", untuned="all arms at lr 0.002, untuned", better="higher")
    assert names(found) == ["untuned", "small n"]
    assert "; all arms at lr 0.002, untuned; small n: " in found.line
    assert found.heading == "supported (strong)"
    assert found.qualifiers[0].sentence("head") == "All arms at lr 0.002, untuned (head)."
    unnamed = qualified(
        judge("greater", 0.3), mixed_code="", untuned="no setting was chosen for each arm", better="higher"
    )
    assert "; untuned: no setting was chosen for each arm; small n: " in unnamed.line
    assert unnamed.qualifiers[0].sentence() == "Untuned: no setting was chosen for each arm."


def test_what_other_predictors_score_stands_beside_the_means():
    found = judge("greater", 0.3, trivial=0.1, simple={"1-NN": 0.94})
    assert (found.trivial, found.simple) == (0.1, {"1-NN": 0.94})
    assert "; means 0.3 and 0 (trivial predictor 0.1, 1-NN 0.94); " in found.line


def test_the_gravest_comes_first_and_all_stand_in_the_line():
    found = judge(
        "greater", 0.3, after=30, extended=Extension(ns=(5, 10), false_support=0.0775, false_contradiction=0.0775)
    )
    assert names(found) == ["exploratory", "extended", "small n"]
    assert found.heading == "supported (strong; extended)"
    assert found.line.startswith("exploratory: given after 30 trials; supported (strong; extended): ")
    assert "false support has probability up to 0.077, and false contradiction up to 0.077" in found.line
    untrained = leave_open(found, untrained="the baseline learned nothing", better="higher")
    assert names(untrained) == ["exploratory", "untrained", "extended", "small n"]
    assert (untrained.outcome, untrained.strong, untrained.needed) == ("inconclusive", False, None)
    assert untrained.heading == "inconclusive (untrained; extended)"
    assert "open whether y is greater than x, because the baseline learned nothing; Δ" in untrained.line


def test_no_verdict_stays_none_where_the_baseline_is_untrained():
    claim = Claim(contrast={"a": ("y", "x")}, expect="greater", margin=0.1)
    few = verdict(claim, paired(Z[:4], np.zeros(4), better="higher", rng=np.random.default_rng(0)), better="higher")
    assert leave_open(few, untrained="nothing was learned", better="higher") == few


@pytest.mark.numeric
@pytest.mark.parametrize(("n", "rate"), SKEWED)
def test_what_skewed_differences_make_of_an_error_of_a_twentieth(n, rate):
    """A normal arm with little spread against an exponential one, truly equal means; the worse of the two tails.

    The Monte Carlo SE of a share of .16 of 100 000 studies is .0012; the rates are given to .005.
    """
    rng = np.random.default_rng(43)
    d = 1e-3 * rng.standard_normal((100_000, n)) - (rng.exponential(1.0, (100_000, n)) - 1)
    t = d.mean(axis=1) / (d.std(axis=1, ddof=1) / math.sqrt(n))
    critical = stats.t.isf(0.05, n - 1)
    assert max(np.mean(t > critical), np.mean(t < -critical)) == pytest.approx(rate, abs=0.005 + 4 * 0.0012)
