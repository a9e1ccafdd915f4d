"""A few steps of two members, stacked and alone: what is not equal then is never stacked."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from ablate.execute.stack.data import SPLITS
from ablate.execute.stack.member import Member
from ablate.execute.stack.stacked_module import StackedModule
from ablate.execute.stack.unstackable import Unstackable
from ablate.execute.train.network import evaluating, seed_everything

STEPS = 3
"""Steps that are taken: momentum acts from the second, running statistics show in an evaluation after."""

EXAMPLES = 8
"""Examples that are predicted after them."""

LOSS, STATE = 1e-9, 1e-7
"""Relative differences that rounding explains in float64; Adam makes 1e-9 of a gradient that is 0 but for rounding."""


def rehearse(members: Sequence[Member], *, matrices: bool = False) -> None:
    """Trains the members stacked and alone, in float64, and compares losses, parameters, buffers and predictions.

    The members are used up. `matrices`: as of StackedModule.

    Raises:
        Unstackable: they are not equal, or cannot be stacked at all.
        Exception: whatever torch says of an operation that it cannot stack, or that has no float64.
    """
    chunks = torch.stack([_shorten(member) for member in members], dim=1)
    stack = StackedModule(members, matrices=matrices).double()
    inputs, _ = stack.data.at("val", torch.arange(len(cast(Tensor, members[0].module.val_inputs))))
    alone = [_alone(m, chunks[:, i], inputs[i]) for i, m in enumerate(members)]
    optimizer = stack.configure_optimizers()
    losses = torch.stack([stack.take_steps(optimizer, step.unsqueeze(0)) for step in chunks], dim=1)
    with torch.no_grad(), evaluating(stack):
        predictions = stack.stack(inputs, stack.stack.leaves())
    for index, (theirs, state) in enumerate(alone):
        mine = [predictions[index], *_state(stack.member(index))]
        if not _close(losses[index], theirs, LOSS) or not all(map(_alike, mine, state)):
            raise Unstackable("its steps are not the same when it is stacked")


def _shorten(member: Member) -> Tensor:
    """Leaves a member the examples that it needs here; returns its minibatches of them, shape (steps, batch)."""
    minibatches = next(iter(member.chunks))[:STEPS]
    for split in SPLITS:
        rows = minibatches.flatten() if split == "train" else slice(EXAMPLES)
        for name in (f"{split}_inputs", f"{split}_targets"):
            setattr(member.module, name, cast(Tensor, getattr(member.module, name))[rows].clone())
    return torch.arange(minibatches.numel()).view_as(minibatches)


def _alone(member: Member, steps: Tensor, inputs: Tensor) -> tuple[Tensor, list[Tensor]]:
    """The losses of a member's own steps, and what is there after them: predictions, parameters, buffers."""
    module = member.module.double()
    seed_everything(member.dropout)
    optimizer = module.configure_optimizers()
    losses = torch.stack([module.take_steps(optimizer, step.unsqueeze(0)) for step in steps])
    with torch.no_grad(), evaluating(module):
        return losses, [module.network(inputs), *_state(module.network)]


def _state(network: nn.Module) -> list[Tensor]:
    return [value.detach().clone() for value in (*network.parameters(), *network.buffers())]


def _alike(one: Tensor, other: Tensor) -> bool:
    return _close(one, other, STATE)


def _close(one: Tensor, other: Tensor, tolerance: float) -> bool:
    return torch.allclose(one.double(), other.double(), rtol=tolerance, atol=tolerance, equal_nan=True)
