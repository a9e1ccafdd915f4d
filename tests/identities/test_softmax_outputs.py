"""Two logits, and two softmaxes."""

import math
from functools import partial

import numpy as np
import pytest
import torch
from scipy.special import softmax
from torch import nn

from ablate.identities import softmax_outputs

pytestmark = pytest.mark.numeric


def test_two_logits_are_one_difference():
    assert [identity.holds for identity in softmax_outputs.sigmoid_of_difference(seed=3)] == [True, True, True]


@pytest.mark.parametrize(
    "options", [{"label_smoothing": 0.1}, {"weight": torch.tensor([1.0, 2.0], dtype=torch.float64)}]
)
def test_a_loss_that_is_another_is_found_out(options, monkeypatch):
    monkeypatch.setattr(softmax_outputs.nn, "CrossEntropyLoss", partial(nn.CrossEntropyLoss, **options))
    probability, loss, gradient = softmax_outputs.sigmoid_of_difference()
    assert probability.holds
    assert not loss.holds
    assert not gradient.holds


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
