import math

import numpy as np
import pytest
import torch
from torch import nn

from ablate.errors import ModelError
from ablate.execute.examine.equivalence import THOROUGH, fingerprint
from ablate.models import MLP, ResNet

PROBE = torch.linspace(-2, 2, 8 * 5).sin().reshape(8, 5)


def fingerprinted(build, probe=PROBE, draws=THOROUGH):
    torch.manual_seed(3)
    return fingerprint(build(), probe, draws=draws)


def same(one, other, probe=PROBE) -> bool:
    return fingerprinted(one, probe).equals(fingerprinted(other, probe))


def mlp(**options):
    def build():
        net = MLP(inputs=(5,), **{"outputs": 2, "width": 6, "depth": 2, **options})
        net.initialise(1)
        return net

    return build


def net(*layers):
    """A network of one's own: equal layers are drawn alike."""
    return lambda: nn.Sequential(nn.Linear(5, 4), *(layer() for layer in layers), nn.Linear(4, 2))


class Detached(nn.Module):
    def forward(self, x):
        return x.detach()


class Reversed(nn.Module):
    """Turns the gradient round: a forward pass and gradient norms say nothing of it."""

    def forward(self, x):
        return 2 * x.detach() - x


class Scaled(nn.Module):
    """Scales the gradient only."""

    def forward(self, x):
        return x + 0.5 * (x - x.detach())


class Skipping(nn.Module):
    """Stochastic depth for the whole batch: one draw from whichever generator."""

    def __init__(self, p, generator):
        super().__init__()
        self.p, self.draw = p, generator

    def forward(self, x):
        return x if self.training and self.draw() < self.p else x.relu()


class Dtype(nn.Module):
    """Works in single precision only."""

    def __init__(self, factor=1.0):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return x @ torch.full((x.shape[1], x.shape[1]), self.factor, dtype=torch.float32)


class Shared(nn.Module):
    """y = V relu(W x): the same function written in two ways, with equal names."""

    def __init__(self, transposed=False):
        super().__init__()
        self.w, self.v = nn.Linear(5, 4), nn.Linear(4, 2)
        self.transposed = transposed

    def forward(self, x):
        hidden = (self.w.weight @ x.T).T + self.w.bias if self.transposed else self.w(x)
        return self.v(hidden.clamp(min=0))


SAME = {
    "a span at depth 0": (mlp(depth=0, skip_span=0), mlp(depth=0, skip_span=3)),
    "branch activation without shortcuts": (mlp(branch_activation="all"), mlp(branch_activation="inner")),
    "post-activation without shortcuts": (mlp(post_activation=True), mlp(post_activation=False)),
    "no dropout in two ways": (net(lambda: nn.Dropout(0.0)), net(nn.Identity)),
    "two orders of summation": (lambda: Shared(False), lambda: Shared(True)),
    "single precision only": (net(Dtype), net(Dtype)),
    "batch norm twice": (mlp(norm="batch"), mlp(norm="batch")),
}

DIFFERENT = {
    "span": (mlp(skip_span=1), mlp(skip_span=2)),
    "no shortcuts": (mlp(skip_span=0), mlp(skip_span=1)),
    "branch activation": (mlp(skip_span=1, branch_activation="all"), mlp(skip_span=1, branch_activation="inner")),
    "hidden activation": (mlp(hidden_activation="relu"), mlp(hidden_activation="leaky_relu")),
    "slope at zero": (mlp(hidden_activation="relu"), mlp(hidden_activation="relu_one_at_zero")),
    "slope at zero, under a norm": (
        mlp(hidden_activation="relu", norm="batch"),
        mlp(hidden_activation="relu_half_at_zero", norm="batch"),
    ),
    "output activation": (mlp(output_activation="linear"), mlp(output_activation="relu")),
    "head": (mlp(head="fc"), mlp(head="conv")),
    "norm": (mlp(norm="batch"), mlp(norm="none")),
    "initialisation": (mlp(init="he"), mlp(init="xavier")),
    "initial biases": (mlp(bias_value=0.0), mlp(bias_value=0.1)),
    "width": (mlp(width=6), mlp(width=7)),
    "dropout's probability": (net(lambda: nn.Dropout(0.5)), net(lambda: nn.Dropout(0.50001))),
    "kind of dropout": (net(lambda: nn.Dropout(0.5)), net(lambda: nn.AlphaDropout(0.5))),
    "a detached branch": (net(Detached), net(nn.Identity)),
    "a reversed gradient": (net(Reversed), net(nn.Identity)),
    "a scaled gradient": (net(Scaled), net(nn.Identity)),
    "momentum of batch norm": (
        net(lambda: nn.BatchNorm1d(4, momentum=0.1)),
        net(lambda: nn.BatchNorm1d(4, momentum=0.01)),
    ),
    "epsilon of batch norm": (net(lambda: nn.BatchNorm1d(4, eps=1e-5)), net(lambda: nn.BatchNorm1d(4, eps=1e-6))),
    "statistics of batch norm": (
        net(lambda: nn.BatchNorm1d(4)),
        net(lambda: nn.BatchNorm1d(4, track_running_stats=False)),
    ),
    "frozen batch norm": (net(lambda: nn.BatchNorm1d(4)), net(lambda: nn.BatchNorm1d(4).eval())),
    "a cut far from zero": (net(nn.ReLU), net(lambda: nn.Hardtanh(0.0, 6.0))),
    "a slope": (net(lambda: nn.LeakyReLU(0.01)), net(lambda: nn.LeakyReLU(0.0101))),
    "frozen weights": (net(), lambda: net()().requires_grad_(False)),
    "stochastic depth by torch": (
        net(lambda: Skipping(0.1, lambda: torch.rand(()).item())),
        net(lambda: Skipping(0.4, lambda: torch.rand(()).item())),
    ),
    "stochastic depth by numpy": (
        net(lambda: Skipping(0.1, np.random.rand)),
        net(lambda: Skipping(0.4, np.random.rand)),
    ),
    "single precision only": (net(Dtype), net(lambda: Dtype(1.001))),
    "NaN and a number": (net(lambda: nn.Threshold(-math.inf, 0)), net(lambda: nn.Threshold(0, math.nan))),
    "infinities of two signs": (net(lambda: nn.Threshold(0, math.inf)), net(lambda: nn.Threshold(0, -math.inf))),
}


@pytest.mark.parametrize("case", SAME)
def test_the_same_network_has_the_same_signature(case):
    assert same(*SAME[case])


@pytest.mark.parametrize("case", DIFFERENT)
def test_another_network_has_another_signature(case):
    one, other = DIFFERENT[case]
    assert not same(one, other)
    assert same(one, one)
    assert same(other, other)


def test_a_relu_on_the_outputs_is_told_from_none_whatever_one_draw_says():
    """With one output and eight examples, a single draw of the weights leaves all outputs positive, often enough."""
    one = {"outputs": 1, "depth": 0}
    pairs = [(mlp(width=w, **one), mlp(width=w, **one, output_activation="relu")) for w in range(3, 9)]
    assert any(fingerprinted(linear, draws=1).equals(fingerprinted(relu, draws=1)) for linear, relu in pairs)
    assert not any(same(linear, relu) for linear, relu in pairs)


class Exploding(nn.Module):
    def forward(self, x):
        return torch.cat([x[:, :3], x[:, 3:] * math.inf], dim=1)


def test_an_infinite_output_in_both_does_not_make_the_others_equal():
    def overflowing(slope):
        return lambda: nn.Sequential(nn.Linear(5, 4), nn.LeakyReLU(slope), Exploding())

    assert same(overflowing(0.1), overflowing(0.1))
    assert not same(overflowing(0.1), overflowing(0.2))


def test_one_draw_is_enough_for_most():
    assert not fingerprinted(mlp(skip_span=1), draws=1).equals(fingerprinted(mlp(skip_span=2), draws=1))
    assert fingerprinted(mlp(), draws=1).equals(fingerprinted(mlp(), draws=1))
    assert not fingerprinted(mlp(), draws=1).equals(fingerprinted(mlp(), draws=2))


def test_images_and_whole_numbers_are_probes_too():
    images = torch.rand(8, 1, 6, 6)
    resnet = [lambda span=s: ResNet(inputs=(1, 6, 6), outputs=3, width=4, depth=0, skip_span=span) for s in (0, 2)]
    assert same(*resnet, images)
    tokens = torch.arange(40).reshape(8, 5) % 7
    assert same(lambda: nn.Embedding(7, 3), lambda: nn.Embedding(7, 3), tokens)
    assert not same(lambda: nn.Embedding(7, 3), lambda: nn.Embedding(7, 3, padding_idx=0), tokens)


def test_a_network_that_does_not_take_the_probe_says_so():
    with pytest.raises(ModelError, match=r"Sequential does not take inputs of shape \[8, 3\]: .*RuntimeError"):
        fingerprint(net()(), torch.zeros(8, 3))
