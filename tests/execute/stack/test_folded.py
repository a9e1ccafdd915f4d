import copy

import pytest
import torch
from torch import nn

from ablate.execute.stack.dropout import DropoutOrder, MaskedDropout, Masks
from ablate.execute.stack.folded import Folded, can_be_folded
from ablate.execute.stack.networks import Stack, predictions
from tests.tolerances import PASS_64

pytestmark = pytest.mark.numeric

MEMBERS, BATCH = 3, 4


class Net(nn.Module):
    """Every kind of use of a linear layer, with dropout between."""

    def __init__(self, *, ties=False, extra=None):
        super().__init__()
        self.stem, self.twice, self.head = nn.Linear(6, 5), nn.Linear(5, 5, bias=False), nn.Linear(5, 2)
        self.dropout, self.extra = nn.Dropout(0.4), extra
        self.ties = ties

    def forward(self, x):
        x = torch.relu(self.stem(x))
        x = self.dropout(self.twice(x) + x)
        x = torch.softmax(self.twice(x), dim=-1)
        x = x @ self.twice.weight if self.ties else x
        return self.head(x if self.extra is None else self.extra(self, x))


def stacked(*, inputs, start=None, **options):
    """A stack of networks that differ, or have a start in common, as vmap computes it."""
    torch.manual_seed(0)
    networks = [Net(**options).double() for _ in range(MEMBERS)]
    if start is not None:
        for network in networks:
            network.load_state_dict(networks[0].state_dict())
            start(network)
    seen = copy.deepcopy(networks[0])
    draws = DropoutOrder(seen)
    seen(inputs[0])
    masks = Masks(networks, seeds=range(MEMBERS), layers=draws.layers)
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
        assert torch.allclose(mine, theirs, rtol=PASS_64, atol=PASS_64)


def as_the_first(network):
    """Every member is."""


def silenced(network):
    nn.init.zeros_(network.head.weight)
    nn.init.zeros_(network.head.bias)


MIXED = {
    "means": lambda _, x: x - x.mean(0),
    "means, a little": lambda _, x: x - 1e-8 * x.mean(0),
    "means, while it trains": lambda net, x: x - x.mean(0) if net.training else x,
    "means, once it is trained": lambda net, x: x if net.training else x - x.mean(0),
    "counts": lambda _, x: x / len(x),
    "weights": lambda net, x: x * net.stem.weight.abs().mean(),
}


@pytest.mark.parametrize("start", [None, as_the_first, silenced])
@pytest.mark.parametrize("extra", MIXED.values(), ids=MIXED.keys())
def test_what_mixes_examples_or_members_stays_with_vmap(start, extra):
    """However they start: networks that are equal, or predict zero, agree for now."""
    stack = stacked(inputs=examples(), start=start, extra=extra)
    assert can_be_folded(stack.skeleton)
    stack.fold(examples())
    assert not isinstance(stack.skeleton, Folded)


def test_what_reads_weights_itself_stays_with_vmap():
    stack = stacked(inputs=examples(), ties=True)
    stack.fold(examples())
    assert not isinstance(stack.skeleton, Folded)


@pytest.mark.parametrize("register", [nn.Module.register_forward_hook, nn.Module.register_forward_pre_hook])
def test_a_layer_with_a_hook_stays_with_vmap(register):
    network = nn.Sequential(nn.Linear(2, 2))
    assert can_be_folded(network)
    register(network[0], lambda *_: None)
    assert not can_be_folded(network)


def test_networks_of_other_widths_are_told_apart():
    narrow, wide = (nn.Sequential(nn.Linear(4, width), nn.Linear(width, 2, bias=False)) for width in (3, 5))
    assert repr(Folded(narrow)) != repr(Folded(wide))
    assert "in_features=5, out_features=2, bias=False" in repr(Folded(wide))


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


def test_a_layer_alone_and_a_network_without_one_are_not_folded():
    assert not can_be_folded(nn.Linear(2, 2)), "it is itself what would be replaced"
    assert not can_be_folded(nn.Sequential(nn.Flatten())), "nothing to fold"
