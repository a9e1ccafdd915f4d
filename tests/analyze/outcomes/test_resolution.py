import dataclasses

import pytest

from ablate.analyze.outcomes.outcome import outcomes
from ablate.analyze.outcomes.resolution import Resolution, binomial_se, resolution_notes
from ablate.config.spec import Claim, Response


def test_binomial_se():
    assert binomial_se(0.9, 360) == pytest.approx(0.0158114, abs=5e-8)


def test_only_a_margin_under_the_se_has_a_remark():
    blur = Resolution(se=binomial_se(0.9, 360), examples=360)
    assert blur.remark(0.015) == "a margin of 0.015, under the binomial SE of one accuracy on 360 examples, 0.016."
    assert blur.remark(0.016) is None


@pytest.fixture
def said(lab):
    def notes(values, margins, name="test/accuracy"):
        claims = tuple(Claim(contrast={"a": ("y", "x")}, expect="equivalent", margin=m) for m in margins)
        spec = lab.spec(replicates=2, response=Response(name=name, better="higher", trivial=0.1), a=["x", "y"])
        spec = dataclasses.replace(spec, claims=claims)
        points = lab.crossed(spec)
        return list(resolution_notes(spec, outcomes(spec, points, lab.records(spec, points, values))))

    return notes


def test_a_margin_under_the_se_is_noted(said):
    # mean accuracy .8 on 100 examples: SE .04
    (note,) = said([[0.7, 0.9], [0.8, "diverged"]], [0.039, 0.041])
    assert "a: y vs x has a margin of 0.039" in note
    assert "100 examples, 0.04." in note


@pytest.mark.parametrize("name", ["test/mse", "accuracy/steps"])
def test_other_responses_have_no_binomial_se(said, name):
    assert said([[0.7, 0.9], [0.8, 0.8]], [0.001], name) == []


def test_nothing_is_said_without_what_it_takes(said):
    assert said([["failed", "absent"], ["diverged", "unreadable"]], [0.001]) == []
    assert said([[70.0, 90.0], [80.0, 80.0]], [0.001]) == []
    assert said([[0.7, 0.9], [0.8, 0.8]], [0.001], "val/accuracy") == []  # these records count no such examples
