"""Activations by name, for hidden layers and for outputs."""

from collections.abc import Callable

from torch import nn

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "gelu": nn.GELU,
    "identity": nn.Identity,
    "leaky_relu": nn.LeakyReLU,
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "softmax": lambda: nn.Softmax(dim=1),
    "tanh": nn.Tanh,
}
"""Hidden activations. Softmax is over dimension 1: over the channels at each position of a feature map, and
over the units of a dense layer. Leaky ReLU has slope .01 below zero; GELU is the exact one."""

OUTPUT_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "linear": nn.Identity,
    **{name: ACTIVATIONS[name] for name in ("leaky_relu", "relu", "sigmoid", "tanh")},
}
"""Activations of the network's outputs. No softmax: the loss takes logits."""
