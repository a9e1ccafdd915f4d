import copy

import pytest
import torch
from torch import nn

from ablate.execute.stacked.dropout import Draws, MaskedDropout, Masks
from ablate.execute.stacked.folded import Folded, can_be_folded
from ablate.execute.stacked.stack import Stack, predictions

MEMBERS, BATCH = 3, 4


class Net(nn.Module):
    """Every kind of use of a linear layer, with dropout between."""

    def __init__(self, *, mixes=False, ties=False, extra=None):
        super().__init__()
        self.stem, self.twice, self.head = nn.Linear(6, 5), nn.Linear(5, 5, bias=False), nn.Linear(5, 2)
        self.dropout, self.extra = nn.Dropout(0.4), extra
        self.mixes, self.ties = mixes, ties

    def forward(self, x):
        x = torch.relu(self.stem(x))
        x = self.dropout(self.twice(x) + x)
        x = torch.softmax(self.twice(x), dim=-1)
        x = x @ self.twice.weight if self.ties else x
        x = x if self.extra is None else self.extra(x)
        return self.head(x - x.mean(0) if self.mixes else x)


def stacked(*, inputs, **options):
    """A stack of networks that differ, as vmap computes it."""
    torch.manual_seed(0)
    networks = [Net(**options).double() for _ in range(MEMBERS)]
    seen = copy.deepcopy(networks[0])
    draws = Draws(seen)
    seen(inputs[0])
    masks = Masks(networks, seeds=range(MEMBERS), drawn=draws.drawn)
    return Stack(networks, trained=[n for n, _ in networks[0].named_parameters()], masks=masks)


def examples(*shape):
    return torch.randn(MEMBERS, BATCH, *shape, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("shape", [(), (7,), (2, 3)])
@pytest.mark.parametrize("trains", [True, False])
def test_predictions_and_gradients_are_those_of_vmap(shape, trains):
    inputs = examples(*shape)
    stack = stacked(inputs=inputs).train(trains)
    skeleton, values = stack.skeleton, []
    stack.fold(inputs)
    assert isinstance(stack.skeleton, Folded)
    leaves = stack.leaves()
    state = stack.state(leaves)  # one draw of dropout for both
    for way in (skeleton, stack.skeleton):
        found = predictions(way.train(trains), state, inputs)
        values.append([found, *torch.autograd.grad((found**2).sum(), list(leaves.values()))])
    for mine, theirs in zip(*values, strict=True):
        assert mine.shape == theirs.shape
        assert torch.allclose(mine, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("options", [{"mixes": True}, {"ties": True}])
def test_what_mixes_examples_or_reads_weights_itself_stays_with_vmap(options):
    stack = stacked(inputs=examples(), **options)
    assert can_be_folded(stack.skeleton)
    stack.fold(examples())
    assert not isinstance(stack.skeleton, Folded)


def test_what_mixes_examples_only_while_it_trains_stays_with_vmap_too():
    class Centred(nn.Module):
        def forward(self, x):
            return x - x.mean(0) if self.training else x

    stack = stacked(inputs=examples(), extra=Centred())
    stack.fold(examples())
    assert not isinstance(stack.skeleton, Folded)


@pytest.mark.parametrize(
    ("part", "can"),
    [
        (nn.Linear(2, 2), True),
        (nn.Tanh(), True),
        (MaskedDropout(), True),
        (nn.BatchNorm1d(2), False),
        (nn.LayerNorm(2), False),
        (nn.Conv2d(1, 1, 1), False),
        (nn.MultiheadAttention(2, 1), False),
        (nn.utils.parametrizations.weight_norm(nn.Linear(2, 2)), False),
    ],
)
def test_only_linear_layers_hold_what_is_trained(part, can):
    assert can_be_folded(nn.Sequential(nn.Linear(2, 2), part)) is can
    assert not can_be_folded(nn.Linear(2, 2)), "it is itself what would be replaced"
    assert not can_be_folded(nn.Sequential(nn.Flatten())), "nothing to fold"
