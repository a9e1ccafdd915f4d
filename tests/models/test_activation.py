import math

import pytest
import torch
from torch import nn

from ablate.models import ACTIVATIONS, OUTPUT_ACTIVATIONS

pytestmark = pytest.mark.numeric

POINTS = [-2.0, 0.0, 0.5, 3.0]


def erf_gelu(x: float) -> float:
    return x * 0.5 * (1 + math.erf(x / math.sqrt(2)))


SCALAR = {
    "relu": lambda x: max(x, 0.0),
    "leaky_relu": lambda x: x if x > 0 else 0.01 * x,
    "tanh": math.tanh,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "gelu": erf_gelu,
    "identity": lambda x: x,
    "relu_half_at_zero": lambda x: max(x, 0.0),
    "relu_one_at_zero": lambda x: max(x, 0.0),
    "softplus": lambda x: math.log1p(math.exp(x)),
}


@pytest.mark.parametrize("name", SCALAR)
def test_values(name):
    expected = torch.tensor([[SCALAR[name](x) for x in POINTS]])
    torch.testing.assert_close(ACTIVATIONS[name]()(torch.tensor([POINTS])), expected)


def test_the_closed_sets():
    assert set(ACTIVATIONS) == {*SCALAR, "scaled_softmax", "softmax"}
    assert set(OUTPUT_ACTIVATIONS) == {
        "linear",
        "relu",
        "leaky_relu",
        "tanh",
        "sigmoid",
        "sign",
        "sign_straight_through",
    }


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "tanh", "sigmoid"])
def test_output_values(name):
    expected = torch.tensor([[SCALAR[name](x) for x in POINTS]])
    torch.testing.assert_close(OUTPUT_ACTIVATIONS[name]()(torch.tensor([POINTS])), expected)


def test_linear_output_is_the_identity():
    assert isinstance(OUTPUT_ACTIVATIONS["linear"](), nn.Identity)


@pytest.mark.parametrize("shape", [(3, 5), (3, 5, 4, 2)])
def test_softmax_is_over_units_or_channels(shape):
    x = torch.randn(shape)
    y = ACTIVATIONS["softmax"]()(x)
    torch.testing.assert_close(y, x.exp() / x.exp().sum(1, keepdim=True))


@pytest.mark.parametrize("shape", [(3, 5), (3, 5, 4), (3, 5, 4, 2)])
def test_scaled_softmax_has_a_mean_of_1_over_units_or_channels(shape):
    x = torch.randn(shape)
    y = ACTIVATIONS["scaled_softmax"]()(x)
    torch.testing.assert_close(y, 5 * x.exp() / x.exp().sum(1, keepdim=True))
    torch.testing.assert_close(y.mean(1), torch.ones_like(y[:, 0]))


@pytest.mark.parametrize(("name", "slope"), [("relu", 0.0), ("relu_half_at_zero", 0.5), ("relu_one_at_zero", 1.0)])
def test_the_slope_of_a_relu_at_exactly_zero_is_what_its_name_says(name, slope):
    x = torch.tensor([-1.0, -0.0, 0.0, 1e-30, 2.0], requires_grad=True)
    (found,) = torch.autograd.grad(ACTIVATIONS[name]()(x).sum(), x)
    assert found.tolist() == [0.0, slope, slope, 1.0, 1.0]
