"""Outputs in the shape of their targets, where a network gives as many numbers in another shape."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ablate.execute.train.network import evaluating


class Reshaped:
    """A hook after a call: gives each example's output the shape of its target."""

    def __init__(self, shape: Sequence[int]) -> None:
        self._shape = tuple(shape)

    def __call__(self, network: nn.Module, args: Any, output: Tensor) -> Tensor:
        """Called by torch."""
        return output.reshape(-1, *self._shape)


def aligned(network: nn.Module, inputs: Tensor, targets: Tensor) -> nn.Module:
    """The network with a hook where its outputs have as many numbers as the values to regress on, in another shape.

    A loss would broadcast one against the other: (examples,) and (examples, 1) make (examples, examples). Outputs that
    are flat fit images as targets, and the other way round.

    Args:
        network: Any, apart from a LightningModule.
        inputs: A few examples, shape `(examples, *inputs)`.
        targets: Theirs, shape `(examples, *outputs)`. Of class numbers nothing is changed.
    """
    if not targets.is_floating_point():
        return network
    try:
        with evaluating(network), torch.no_grad(), torch.random.fork_rng(devices=[]):
            output = network(inputs)
    except Exception:  # the examination says what is wrong
        return network
    is_alike = isinstance(output, Tensor) and output.ndim > 0 and output.numel() == targets.numel()
    is_other = is_alike and len(output) == len(targets) and output.shape != targets.shape
    if is_other and _in_one_order(output, targets):
        network.register_forward_hook(Reshaped(targets.shape[1:]))
    return network


def _in_one_order(output: Tensor, targets: Tensor) -> bool:
    """Whether the numbers of an example come in the same order: one of the two is flat, or axes of length 1 differ."""
    one, other = ([size for size in tensor.shape[1:] if size != 1] for tensor in (output, targets))
    return one == other or len(one) <= 1 or len(other) <= 1
