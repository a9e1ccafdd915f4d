"""A baseline that learned nothing, or was still learning, leaves every claim of its study open."""

from dataclasses import replace

import numpy as np
import pytest

from ablate.config.spec import Claim, Response

MSE = Response(name="test/mse", better="lower")
OTHER = np.array([-0.01, 0.005, 0.02, -0.015, 0.0, 0.01])
NOISE = np.array([0.01, -0.02, 0.015, 0.0, -0.005, 0.02])


def claim(expect="greater", margin=0.05):
    return Claim(contrast={"a": ("y", "x")}, expect=expect, margin=margin)


CLAIMED = (claim(),)


@pytest.fixture
def judged(lab):
    """The summary of a study of two arms, with the claim that the second is greater."""

    def run(baseline, arm, *, response=None, trivial=None, curve=None, claims=CLAIMED):
        spec = replace(lab.spec(replicates=6, response=response, a=["x", "y"]), claims=claims)
        points = lab.crossed(spec)
        records = lab.records(spec, points, [baseline, arm])
        if trivial is not None:
            records = [replace(r, trivial={spec.response.name: trivial}) for r in records]
        curves = {} if curve is None else {r.id: curve for r in records if r.levels["a"] == "x"}
        return lab.summarise_records(spec, points, records, curves=curves)

    return run


def test_a_baseline_at_chance_leaves_a_strong_difference_open(judged):
    summary = judged((0.105 + NOISE).tolist(), (0.8 + OTHER).tolist())
    (verdict,) = summary.verdicts
    assert (verdict.outcome, verdict.strong, verdict.heading) == ("inconclusive", False, "inconclusive (untrained)")
    assert verdict.alone == "supported"
    assert verdict.line.startswith(
        "inconclusive (untrained): open whether y is greater than x, because the baseline's test/accuracy, 0.108, is "
        "not told from the trivial predictor's, 0.1; Δ"
    )


@pytest.mark.parametrize("state", ["DIVERGED", "complete"])
def test_a_baseline_of_which_all_trials_diverged_or_agree_at_chance_learned_nothing(judged, lab, state):
    baseline = [lab.DIVERGED if state == "DIVERGED" else 0.1] * 6
    assert judged(baseline, (0.8 + OTHER).tolist()).verdicts[0].heading == "inconclusive (untrained)"


def test_a_baseline_beyond_chance_lets_the_verdict_stand(judged):
    (verdict,) = judged((0.2 + NOISE).tolist(), (0.8 + OTHER).tolist()).verdicts
    assert (verdict.heading, verdict.untrained) == ("supported (strong)", "")


@pytest.mark.parametrize(("level", "outcome"), [(0.99, "inconclusive"), (0.5, "supported")])
def test_an_unbounded_response_is_held_against_the_trivial_predictor_on_each_split(judged, level, outcome):
    (verdict,) = judged((level + NOISE).tolist(), (3.0 + OTHER).tolist(), response=MSE, trivial=1.0).verdicts
    assert verdict.outcome == outcome
    assert bool(verdict.untrained) == (outcome == "inconclusive")


def test_where_nothing_is_known_of_it_that_is_said(judged):
    summary = judged((0.99 + NOISE).tolist(), (3.0 + OTHER).tolist(), response=MSE)
    assert summary.verdicts[0].outcome == "supported"
    assert any("than the trivial predictor is not known" in note for note in summary.notes)


@pytest.mark.parametrize(
    ("loss", "accuracy", "open_"),
    [
        ([1.0] * 9 + [0.8], [0.5] * 9 + [0.6], True),
        ([1.0] * 9 + [0.95], [0.5] * 9 + [0.6], False),  # the loss falls by a twentieth
        ([1.0] * 9 + [0.8], [0.5] * 9 + [0.54], False),  # by less than the margin
        ([1.0] * 9 + [0.8], [0.6] * 9 + [0.5], False),  # worse
        ([2.0, 1.0], [0.1, 0.6], True),  # over a fifth of the last epoch: .0167 of 1.2, .1 of accuracy
        ([1.0] * 5, [0.5] * 5, False),
    ],
)
def test_a_baseline_that_is_still_learning_leaves_the_claim_open(judged, loss, accuracy, open_):
    curve = {"train/loss": loss, "val/accuracy": accuracy}
    (verdict,) = judged((0.6 + NOISE).tolist(), (0.9 + OTHER).tolist(), curve=curve).verdicts
    assert bool(verdict.untrained) == open_
    assert verdict.outcome == ("inconclusive" if open_ else "supported")
    assert ("was still learning: over the last tenth of its epochs" in verdict.line) == open_


@pytest.mark.parametrize("curve", [None, {}, {"train/loss": [1.0]}, {"train/loss": [1.0], "val/accuracy": [0.2]}])
def test_without_curves_that_is_said(judged, curve):
    summary = judged((0.6 + NOISE).tolist(), (0.9 + OTHER).tolist(), curve=curve)
    assert summary.verdicts[0].outcome == "supported"
    assert any("was still learning at the end is not known" in note for note in summary.notes)


def test_a_study_without_claims_is_left_alone(judged):
    summary = judged((0.1 + NOISE).tolist(), (0.9 + OTHER).tolist(), claims=())
    assert not any("baseline" in note for note in summary.notes)
