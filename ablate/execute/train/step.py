"""The optimizer step of one network: training, examination, verification, probes and compilation all take this one.

Of a stack it is `ablate.execute.stack.step`.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

LossCall = Callable[[nn.Module, nn.Module, Tensor, Tensor], Tensor]
"""`loss_of`, or what computes the same, compiled."""


def loss_of(network: nn.Module, loss: nn.Module, examples: Tensor, targets: Tensor) -> Tensor:
    """What a step computes the gradient of."""
    return loss(network(examples), targets)


def take_step(
    network: nn.Module,
    loss: nn.Module,
    examples: Tensor,
    targets: Tensor,
    *,
    optimizer: torch.optim.Optimizer,
    clip_norm: float | None = None,
    call: LossCall = loss_of,
) -> Tensor:
    """Takes one optimizer step on a minibatch; returns its loss before the step, shape (), without a graph.

    Args:
        network: Its parameters keep the step's gradients until the next one.
        loss: Of predictions and targets.
        examples: Shape (batch, *inputs).
        targets: Shape (batch, ...).
        optimizer: Of the network's parameters.
        clip_norm: The largest norm of the gradient; None: it is not clipped.
        call: Computes the loss.
    """
    optimizer.zero_grad(set_to_none=True)
    value = call(network, loss, examples, targets)
    value.backward()
    if clip_norm is not None:
        nn.utils.clip_grad_norm_(network.parameters(), clip_norm)
    optimizer.step()
    return value.detach()


class NoUpdate(torch.optim.Optimizer):
    """An optimizer that changes nothing, for steps that are taken for their losses and gradients only."""

    def __init__(self, parameters: Iterable[Tensor] | Iterable[dict[str, object]]) -> None:
        super().__init__(parameters, {})

    def step(self, closure: object = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Does nothing."""
