"""What every diagnostic guarantees: one suite for all of `DIAGNOSTICS`."""

import math

import pytest
import torch
from torch import nn

from ablate.config.diagnostic import DIAGNOSTICS
from ablate.execute.diagnose.diagnostics._base import PARTS, measures
from ablate.execute.diagnose.measurement import measure
from ablate.execute.diagnose.trace import Trace
from ablate.models.hidden import Shortcut
from ablate.models.mlp import MLP

mse = nn.functional.mse_loss
diagnostics = pytest.mark.parametrize("name", DIAGNOSTICS)


class Residual(nn.Module):
    """Of every part that a diagnostic can be of."""

    def __init__(self):
        super().__init__()
        self.stem, self.branch, self.head = nn.Linear(3, 4), nn.Linear(4, 4), nn.Linear(4, 1)
        self.act, self.add = nn.Tanh(), Shortcut(nn.Identity())

    def forward(self, x):
        x = self.act(self.stem(x))
        return self.head(self.add(self.act(self.branch(x)), x))


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return Residual()


@pytest.fixture(scope="module")
def trace(network):
    trace, inputs, targets = Trace(), torch.randn(9, 3), torch.randn(9, 1)
    with trace.watching(network, last=True):
        outputs = network(inputs)
    weights = [(layer, w) for layer, weights in trace.weights.items() for w in weights]
    gradients = torch.autograd.grad(mse(outputs, targets), [w for _, w in weights])
    trace.outputs, trace.targets = outputs, targets
    trace.gradients = {layer: [gradient] for (layer, _), gradient in zip(weights, gradients, strict=True)}
    return trace


@diagnostics
def test_it_says_what_it_is(name):
    diagnostic = DIAGNOSTICS[name]
    assert diagnostic.title
    assert diagnostic.about.endswith(".")
    assert diagnostic.floor > 0


@diagnostics
def test_it_is_measured_and_its_layers_are_modules(name, trace, network):
    found = measures()[name](trace)
    assert math.isfinite(found.value)
    modules = dict(network.named_modules())
    for layer in found.layers:
        assert layer.layer in modules
        assert layer.part in PARTS
    places = [(layer.part, layer.place) for layer in found.layers]
    assert len(set(places)) == len(places)


@diagnostics
def test_it_measures_the_same_twice(name, trace):
    assert measures()[name](trace) == measures()[name](trace)


@diagnostics
def test_of_nothing_it_says_nothing(name):
    found = measures()[name](Trace())
    assert math.isnan(found.value)
    assert found.layers == ()


def test_a_measurement_has_all_of_them_in_their_order():
    torch.manual_seed(0)  # of four units, all may be dead: a shortcut of zeros has no ratio
    found = measure(
        MLP(inputs=[2], outputs=1, width=4, depth=3, skip_span=1), torch.randn(9, 2), torch.randn(9, 1), mse
    )
    assert list(found.values) == list(DIAGNOSTICS)
