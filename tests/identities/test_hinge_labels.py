"""A hinge loss and labels of 0."""

import pytest
import torch
from torch import nn

from ablate.identities import hinge_labels

pytestmark = pytest.mark.numeric


def test_of_a_label_0_a_hinge_loss_learns_nothing():
    assert [identity.holds for identity in hinge_labels.label_zero(seed=3)] == [True, True, True]


class OfSigns(nn.Module):
    """A hinge loss that takes 0 for −1, as Keras does."""

    def forward(self, predictions, targets):
        return torch.relu(1 - torch.where(targets == 0, -1.0, 1.0) * predictions).mean()


def test_a_loss_that_takes_0_for_minus_1_is_found_out(monkeypatch):
    monkeypatch.setattr(hinge_labels, "Hinge", OfSigns)
    value, gradient, pushed = hinge_labels.label_zero()
    assert not value.holds
    assert not gradient.holds
    assert pushed.holds
