"""Verifies a stack: a few steps of two members, stacked and alone, must be equal."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from ablate.execute.stack.data import SPLITS
from ablate.execute.stack.member import Member
from ablate.execute.stack.stacked_module import StackedModule
from ablate.execute.stack.unstackable import Unstackable
from ablate.execute.train.network import evaluating, seed_everything

VERIFIED_STEPS = 3
"""Momentum acts from the second step on; running statistics act on the predictions after the last."""

PREDICTED_EXAMPLES = 8
"""Examples that are predicted after the steps."""

LOSS_TOLERANCE, STATE_TOLERANCE = 1e-9, 1e-7
"""Relative rounding error in float64. Adam turns a gradient that is 0 but for rounding into an update of 1e-9."""


def verify(members: Sequence[Member], *, device: torch.device | None = None, conv_as_matmul: bool = False) -> None:
    """Trains the members stacked and alone, in float64, and compares losses, parameters, buffers and predictions.

    The members are trained by it, and of no use afterwards. `device`: where they will train, which has kernels of its
    own; None: the CPU. `conv_as_matmul`: as for StackedModule.

    Raises:
        Unstackable: they are not equal, or cannot be stacked at all.
        Exception: whatever torch raises for an operation that it cannot stack, or that has no float64.
    """
    chunks = torch.stack([_keep_needed_examples(member) for member in members], dim=1)
    device = device or torch.device("cpu")
    chunks, stack = chunks.to(device), StackedModule(members, conv_as_matmul=conv_as_matmul).double().to(device)
    count = len(cast(Tensor, members[0].module.val_inputs))
    inputs, _ = stack.data.at("val", torch.arange(count, device=device))
    alone = [_train_alone(m, chunks[:, i], inputs[i]) for i, m in enumerate(members)]
    optimizer = stack.configure_optimizers()
    losses = torch.stack([stack.take_steps(optimizer, step.unsqueeze(0)) for step in chunks], dim=1)
    with torch.no_grad(), evaluating(stack):
        predictions = stack.stack(inputs, stack.stack.leaves())
    for index, (theirs, state) in enumerate(alone):
        mine = [predictions[index], *_state(stack.member(index))]
        if not _close(losses[index], theirs, LOSS_TOLERANCE) or not all(map(_close_states, mine, state)):
            raise Unstackable("its steps are not the same when it is stacked")


def _keep_needed_examples(member: Member) -> Tensor:
    """Drops the examples that are not needed here; returns the minibatches renumbered, shape (steps, batch)."""
    minibatches = next(iter(member.chunks))[:VERIFIED_STEPS]
    for split in SPLITS:
        few = member.module.first(split, PREDICTED_EXAMPLES)
        member.module.keep(split, minibatches.flatten() if split == "train" else few)
    return torch.arange(minibatches.numel()).view_as(minibatches)


def _train_alone(member: Member, steps: Tensor, inputs: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Trains a member alone; returns its losses, and its predictions, parameters and buffers after the steps."""
    module = member.module.double().to(inputs.device)
    seed_everything(member.dropout)
    optimizer = module.configure_optimizers()
    losses = torch.stack([module.take_steps(optimizer, step.unsqueeze(0)) for step in steps])
    with torch.no_grad(), evaluating(module):
        return losses, [module.network(inputs), *_state(module.network)]


def _state(network: nn.Module) -> list[Tensor]:
    return [value.detach().clone() for value in (*network.parameters(), *network.buffers())]


def _close_states(one: Tensor, other: Tensor) -> bool:
    return _close(one, other, STATE_TOLERANCE)


def _close(one: Tensor, other: Tensor, tolerance: float) -> bool:
    return torch.allclose(one.double(), other.double(), rtol=tolerance, atol=tolerance, equal_nan=True)
