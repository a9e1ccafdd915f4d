"""Activations by name, for hidden layers and for outputs."""

from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ablate.errors import ModelError, unknown
from ablate.models.option import chosen


class ScaledSoftmax(nn.Softmax):
    """Softmax over dimension 1, times its size: the mean of its terms is 1 at any width, not 1 / width."""

    def __init__(self) -> None:
        super().__init__(dim=1)

    def forward(self, input: Float[Tensor, "batch width *spatial"]) -> Float[Tensor, "batch width *spatial"]:
        """The softmax, times the width."""
        return input.shape[1] * super().forward(input)


class SlopeAtZero(nn.Module):
    """ReLU with a chosen slope at exactly 0, where it has no derivative: any of [0, 1] is a subgradient.

    Source: D. Bertoin, J. Bolte, S. Gerchinovitz, E. Pauwels, "Numerical influence of ReLU'(0) on backpropagation",
    NeurIPS 2021, arXiv 2106.12915.
    """

    def __init__(self, slope: float) -> None:
        super().__init__()
        self.slope = slope

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The larger of each number and 0."""
        return torch.where(x == 0, self.slope * x, torch.relu(x))


ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "gelu": nn.GELU,
    "identity": nn.Identity,
    "leaky_relu": nn.LeakyReLU,
    "relu": nn.ReLU,
    "relu_half_at_zero": partial(SlopeAtZero, 0.5),
    "relu_one_at_zero": partial(SlopeAtZero, 1.0),
    "scaled_softmax": ScaledSoftmax,
    "sigmoid": nn.Sigmoid,
    "softmax": lambda: nn.Softmax(dim=1),
    "softplus": nn.Softplus,
    "tanh": nn.Tanh,
}
"""Hidden activations. Softmax, scaled or not, is over dimension 1: over the channels at each position of a feature
map, and over the units of a dense layer. Leaky ReLU has slope .01 below zero; GELU is the exact one;
ReLU's slope at exactly 0 is 0, or what its name says."""


class Step(nn.Module):
    """0 below zero, 1 above, ½ at zero: the limit of sigmoid(s x) as s grows. Its gradient is 0 everywhere."""

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The step of every number."""
        return (torch.sign(x) + 1) / 2


class Sign(nn.Module):
    """−1 below zero, 1 above, 0 at zero: the limit of tanh(s x) as s grows. Its gradient is 0 everywhere."""

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The sign of every number."""
        return torch.sign(x)


HARD_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {"sigmoid": Step, "tanh": Sign}
"""What hidden activations become where their slope at zero grows without bound."""


class StraightThrough(nn.Module):
    """A step whose gradient is that of the smooth activation that it is the limit of.

    Source: Y. Bengio, N. Léonard, A. Courville, "Estimating or Propagating Gradients Through Stochastic Neurons for
    Conditional Computation", 2013, arXiv 1308.3432, section 4.
    """

    def __init__(self, smooth: str) -> None:
        super().__init__()
        # In a tuple, so that they are no modules of the network: a hook on all activations sees one.
        self.parts = ACTIVATIONS[smooth](), HARD_ACTIVATIONS[smooth]()

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The step of every number."""
        smooth, hard = (part(x) for part in self.parts)
        return hard + (smooth - smooth.detach())


STRAIGHT_THROUGH = "straight_through"
"""What `hard_threshold` is called where the gradient is that of the smooth activation."""

OUTPUT_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "linear": nn.Identity,
    **{name: ACTIVATIONS[name] for name in ("leaky_relu", "relu", "sigmoid", "tanh")},
    "sign": Sign,
    "sign_straight_through": partial(StraightThrough, "tanh"),
}
"""Activations of the network's outputs. No softmax: the loss takes logits. No gradient passes a sign, but that of tanh
where it is straight through."""


def hidden(name: str, *, hard_threshold: bool | str = False) -> Callable[[], nn.Module]:
    """Builds the hidden activation of that name, or its limit of infinite slope.

    Args:
        name: Of the activation.
        hard_threshold: Whether it is the limit; `straight_through`: the limit, with the activation's own gradient.

    Raises:
        ModelError: the name is unknown, or it has no such limit.
    """
    if isinstance(hard_threshold, str) and hard_threshold != STRAIGHT_THROUGH:
        raise ModelError(unknown("hard_threshold", hard_threshold, ("false", "true", STRAIGHT_THROUGH)))
    soft = chosen("hidden_activation", name, ACTIVATIONS)
    if not hard_threshold:
        return soft
    if name not in HARD_ACTIVATIONS:
        raise ModelError(
            f"hard_threshold is the limit of {' or '.join(HARD_ACTIVATIONS)} as hidden_activation, not of {name}."
        )
    return partial(StraightThrough, name) if hard_threshold == STRAIGHT_THROUGH else HARD_ACTIVATIONS[name]


def passes_zero(activation: Callable[[], nn.Module]) -> bool:
    """Whether the activation takes zero to zero and has a slope there."""
    with torch.enable_grad():
        x = torch.zeros(1, 2, device="cpu", requires_grad=True)
        y = activation()(x)
        (slope,) = torch.autograd.grad(y.sum(), x)
    return not y.any() and bool(slope.all())
