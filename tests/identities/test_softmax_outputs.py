"""Two logits, and two softmaxes."""

import math

import numpy as np
import pytest
from scipy.special import expit, softmax
from torch import nn

from ablate.identities import softmax_outputs


def test_two_logits_are_one_difference():
    assert all(identity.holds for identity in softmax_outputs.sigmoid_of_difference(seed=3))
    logits = np.random.default_rng(0).normal(size=(5, 2))
    assert np.allclose(softmax(logits, axis=1)[:, 1], expit(logits[:, 1] - logits[:, 0]), atol=1e-15)


@pytest.mark.parametrize(("classes", "floor"), [(10, 1.4612), (2, 0.3133), (1000, 5.9095)])
def test_the_floor_under_two_softmaxes(classes, floor):
    (identity,) = softmax_outputs.double_softmax_floor(classes=classes)
    assert identity.holds
    once = np.zeros(classes)
    once[0] = 1
    assert identity.found == pytest.approx(-math.log(softmax(once)[0]), rel=1e-14)
    assert identity.found == pytest.approx(floor, abs=5e-5)


def test_one_softmax_has_no_such_floor(monkeypatch):
    monkeypatch.setattr(softmax_outputs, "DoubleSoftmax", nn.CrossEntropyLoss)
    (identity,) = softmax_outputs.double_softmax_floor()
    assert not identity.holds
    assert identity.found == 0
