"""Softmax and the class that wins."""

import torch

from ablate.identities.argmax_softmax import same_winner


def test_softmax_changes_neither_the_winner_nor_the_order():
    assert [identity.found for identity in same_winner(classes=7, examples=500, seed=1)] == [0, 0, 0, 0]


def test_a_softmax_of_the_negative_logits_is_found_out(monkeypatch):
    softmax = torch.Tensor.softmax
    monkeypatch.setattr(torch.Tensor, "softmax", lambda self, dim: softmax(-self, dim))
    winner, order, sigmoids, _ = same_winner(classes=2, examples=500)
    assert (winner.found, order.found, sigmoids.found) == (500, 500, 0)
    assert not winner.holds
