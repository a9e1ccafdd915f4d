import pytest

from ablate.analysis.outcomes.outcome import outcomes
from ablate.analysis.outcomes.resolution import Resolution, binomial_se, resolution
from ablate.config.spec import Response


def test_binomial_se():
    assert binomial_se(0.9, 360) == pytest.approx(0.0158114, abs=5e-8)


def test_only_a_margin_under_the_se_has_a_remark():
    blur = Resolution(se=binomial_se(0.9, 360), examples=360)
    assert blur.remark(0.015) == "a margin of 0.015, under the binomial SE of one accuracy on 360 examples, 0.016."
    assert blur.remark(0.016) is None


@pytest.fixture
def remarks(lab):
    """The remarks on margins, given the responses of two design points."""

    def call(values, margins, name="test/accuracy"):
        spec = lab.spec(replicates=2, response=Response(name=name, better="higher", trivial=0.1), a=["x", "y"])
        points = lab.crossed(spec)
        found = resolution(spec, outcomes(spec, points, lab.records(spec, points, values)))
        return [] if found is None else [remark for m in margins if (remark := found.remark(m))]

    return call


def test_a_margin_under_the_se_is_noted(remarks):
    # mean accuracy .8 on 100 examples: SE .04
    (remark,) = remarks([[0.7, 0.9], [0.8, "diverged"]], [0.039, 0.041])
    assert remark == "a margin of 0.039, under the binomial SE of one accuracy on 100 examples, 0.04."


@pytest.mark.parametrize("name", ["test/mse", "accuracy/steps"])
def test_other_responses_have_no_binomial_se(remarks, name):
    assert remarks([[0.7, 0.9], [0.8, 0.8]], [0.001], name) == []


def test_nothing_is_said_without_what_it_takes(remarks):
    assert remarks([["failed", "absent"], ["diverged", "unreadable"]], [0.001]) == []
    assert remarks([[70.0, 90.0], [80.0, 80.0]], [0.001]) == []
    assert remarks([[0.7, 0.9], [0.8, 0.8]], [0.001], "val/accuracy") == []  # these records count no such examples
