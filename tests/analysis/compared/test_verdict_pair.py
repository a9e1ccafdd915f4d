"""Claims of two studies, side by side."""

from dataclasses import replace

import numpy as np
import pytest

from ablate.analysis.compared.verdict_pair import verdict_pairs
from ablate.analysis.summarise import summarise
from ablate.config.spec import Claim

CLAIM = Claim(contrast={"act": ("tanh", "relu")}, expect="no_worse", margin=0.05)
OTHER = replace(CLAIM, contrast={"act": ("relu", "tanh")})
WORSE, EQUAL = -0.3, 0.0


@pytest.fixture
def judged(lab):
    """The verdicts of a study whose tanh differs from relu by so much."""

    def make(difference, *claims):
        spec = replace(lab.spec(act=("relu", "tanh"), replicates=5), claims=claims)
        points = lab.crossed(spec)
        relu = [0.80, 0.82, 0.79, 0.81, 0.83]
        noise = [0.001, -0.001, 0.002, -0.002, 0.0]
        rows = [relu, [value + difference + n for value, n in zip(relu, noise, strict=True)]]
        return summarise(spec, points, lab.records(spec, points, rows), rng=np.random.default_rng(0)).verdicts

    return make


def outcomes(pair):
    return tuple(None if one is None else one.outcome for one in (pair.a, pair.b))


def test_a_claim_turns_where_the_outcome_is_another(judged):
    (pair,) = verdict_pairs(judged(EQUAL, CLAIM), judged(WORSE, CLAIM))
    assert (outcomes(pair), pair.changed) == (("equivalent", "contradicted"), True)
    assert pair.a.interval.value == pytest.approx(EQUAL, abs=0.01)
    assert pair.b.interval.value == pytest.approx(WORSE, abs=0.01)
    (pair,) = verdict_pairs(judged(EQUAL, CLAIM), judged(EQUAL, CLAIM))
    assert (outcomes(pair), pair.changed) == (("equivalent", "equivalent"), False)


def test_another_margin_is_the_same_claim_and_another_direction_is_not(judged):
    wide = replace(CLAIM, margin=0.5)
    (pair,) = verdict_pairs(judged(WORSE, CLAIM), judged(WORSE, wide))
    assert (pair.a.margin, pair.b.margin, pair.changed) == ("0.05", "0.5", True)
    first, second = verdict_pairs(judged(EQUAL, CLAIM), judged(EQUAL, OTHER))
    assert (outcomes(first), outcomes(second)) == (("equivalent", None), (None, "equivalent"))
    assert not first.changed
    assert not second.changed


def test_what_states_exactly_the_same_goes_together_first(judged):
    wide = replace(CLAIM, margin=0.5)
    found = verdict_pairs(judged(EQUAL, CLAIM, wide), judged(EQUAL, wide))
    assert [(one.claim.margin, one.b is not None) for one in found] == [(0.05, False), (0.5, True)]


def test_without_a_verdict_nothing_changes(judged):
    (verdict,) = judged(EQUAL, CLAIM)
    (pair,) = verdict_pairs([verdict], [replace(verdict, outcome=None)])
    assert not pair.changed
    assert pair.b.heading == "no verdict"
    assert verdict_pairs((), ()) == ()
