import math

import numpy as np
import pytest

from ablate.analysis.claims.decision import decided
from ablate.analysis.claims.looks import plan
from ablate.analysis.claims.savings import savings
from ablate.analysis.statistics.power import power
from ablate.config.spec import Claim

LOOKS = plan(5, 20)


def simulate(expect="greater", margin_sd=0.0, looks=LOOKS, studies=20_000):
    return savings(looks, expect, margin_sd=margin_sd, rng=np.random.default_rng(9), studies=studies)


def test_the_effects_are_none_the_design_effect_and_twice_it():
    none, design, twice = (usage.effect_sd for usage in simulate(studies=10).usages)
    assert none == 0
    assert twice == 2 * design
    # The two-sided test at twice alpha is the one-sided one at alpha, but for a tail that is next to nothing.
    assert power(design, 20, alpha=0.1) == pytest.approx(0.8, abs=1e-4)


def test_effects_save_replicates_and_cost_little_power():
    none, design, twice = simulate().usages
    assert twice.replicates < 12 < design.replicates < 17 < none.replicates < 20
    assert design.fixed.supported == pytest.approx(0.8, abs=1e-6)
    assert 0.75 < design.chances.supported < 0.79
    assert twice.chances.supported > 0.99
    for tail in ("supported", "contradicted"):
        assert getattr(none.chances, tail) == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / 20_000))
        assert getattr(none.fixed, tail) == pytest.approx(0.05)


def test_under_no_effect_it_is_the_margin_that_saves():
    narrow, medium, wide = (simulate(margin_sd=m, studies=5000).usages[0] for m in (0.0, 0.6, 1.0))
    assert wide.replicates < 15 < medium.replicates < narrow.replicates
    assert narrow.chances.equivalent == 0
    assert wide.chances.equivalent > 0.9


@pytest.mark.parametrize(
    ("expect", "margin", "better", "sign"),
    [
        ("greater", 0.8, "higher", 1),
        ("less", 0.4, "higher", -1),
        ("equivalent", 0.9, "lower", 1),
        ("no_worse", 0.5, "lower", -1),
    ],
)
def test_the_chances_are_those_of_the_decisions_one_by_one(expect, margin, better, sign):
    looks, studies = plan(3, 12), 300
    claim = Claim(contrast={"factor": ("arm", "reference")}, expect=expect, margin=margin)
    noise = np.random.default_rng(9).standard_normal((studies, 12))
    for usage in simulate(expect, margin, looks, studies).usages:
        found = [decided(looks, sign * (row + usage.effect_sd), claim, better=better) for row in noise]
        used = [decision.n for decision in found]
        assert usage.replicates == pytest.approx(np.mean(used))
        assert usage.replicates_se == pytest.approx(np.std(used) / math.sqrt(studies))
        for outcome in ("supported", "contradicted", "equivalent", "inconclusive"):
            share = sum(decision.outcome == outcome for decision in found) / studies
            assert getattr(usage.chances, outcome) == pytest.approx(share, abs=1e-9)


@pytest.mark.parametrize("expect", ["greater", "less", "no_worse", "equivalent"])
def test_with_one_look_nothing_is_saved_or_lost(expect):
    for usage in simulate(expect, 0.7, plan(1, 8)).usages:
        assert (usage.replicates, usage.replicates_se) == (8, 0)
        for outcome in ("supported", "contradicted", "equivalent", "inconclusive"):
            exact = getattr(usage.fixed, outcome)
            noise = 4 * math.sqrt(exact * (1 - exact) / 20_000) + 1e-9
            assert getattr(usage.chances, outcome) == pytest.approx(exact, abs=noise)


def test_the_same_rng_gives_the_same_answer():
    assert simulate(studies=100) == simulate(studies=100)
