"""What is lost of a layer under softmax."""

import numpy as np
import pytest
import torch

from ablate.identities import softmax_dependence
from ablate.models import ACTIVATIONS

pytestmark = pytest.mark.numeric


@pytest.mark.parametrize("units", [2, 10, 17])
def test_all_hold_at_any_width(units):
    found = softmax_dependence.dependence(units=units, seed=units)
    assert [identity.holds for identity in found] == [True] * 4
    assert [identity.expected for identity in found] == [1, 0, units - 1, units]


def test_the_jacobians_are_those_of_a_textbook():
    z = torch.randn(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    e = np.exp(z.numpy())
    a = e / e.sum(1, keepdims=True)
    expected = [np.diag(row) - np.outer(row, row) for row in a]
    assert np.allclose(softmax_dependence._jacobians("softmax", z), expected, atol=1e-15)


def test_a_layer_that_is_no_softmax_is_found_out(monkeypatch):
    monkeypatch.setitem(ACTIVATIONS, "softmax", torch.nn.Sigmoid)
    total, row, rank, relu = softmax_dependence.dependence(units=10)
    assert (total.holds, row.holds, rank.holds) == (False, False, False)
    assert rank.found == 10
    assert relu.holds
