"""The optimizer step of a stack: training, verification, probes and compilation all take this one.

Of one network it is `ablate.execute.train.step`.
"""

from collections.abc import Callable, Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ablate.execute.process.torch_private import copy_all
from ablate.execute.stack.loss import StackedLoss
from ablate.execute.stack.networks import Stack, predictions
from ablate.execute.stack.unstackable import Unstackable

LossesCall = Callable[[nn.Module, StackedLoss, Mapping[str, Tensor], Tensor, Tensor], Tensor]
"""`losses_of`, or what computes the same, compiled."""


def losses_of(
    skeleton: nn.Module, loss: StackedLoss, state: Mapping[str, Tensor], inputs: Tensor, targets: Tensor
) -> Float[Tensor, "members"]:
    """What a step computes the gradients of. A compilation goes around vmap, never the reverse."""
    return loss(predictions(skeleton, state, inputs), targets)


class GradientRows:
    """Gradients laid out as a stack's numbers, shape (members, numbers), in memory that is kept from step to step."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._parts: list[Tensor] = []
        self.rows = torch.empty(0)

    def fill(self, gradients: Sequence[Tensor | None]) -> Tensor:
        """The rows of a step's gradients, one for each trained parameter, shapes (members, ...).

        Raises:
            Unstackable: a parameter has none.
        """
        given = [gradient for gradient in gradients if gradient is not None]
        if len(given) < len(gradients):
            raise Unstackable("some of its parameters get a gradient at some steps only")
        numbers = self._stack.numbers
        if not self._parts or _kind(self.rows) != _kind(numbers):
            self.rows = torch.zeros_like(numbers, requires_grad=False)  # between parameters they stay 0
            self._parts = self._stack.parts(self.rows)
        copy_all(given, to=self._parts)
        return self.rows


def _kind(rows: Tensor) -> tuple[object, ...]:
    return rows.shape, rows.dtype, rows.device


def take_step(
    skeleton: nn.Module,
    loss: StackedLoss,
    state: Mapping[str, Tensor],
    inputs: Tensor,
    targets: Tensor,
    *,
    leaves: Sequence[Tensor],
    gradients: GradientRows,
    optimizer: torch.optim.Optimizer,
    clip_norms: Float[Tensor, "members"] | None = None,
    call: LossesCall = losses_of,
) -> Float[Tensor, "members"]:
    """Takes one optimizer step of all members; returns their losses before the step, without a graph.

    Args:
        skeleton: What computes the members' predictions.
        loss: Theirs.
        state: What they differ in, leaves among it, by name.
        inputs: Shape (members, batch, ...).
        targets: Shape (members, batch, ...).
        leaves: Of the state, what is trained.
        gradients: Keeps the step's gradients, unclipped, until the next one.
        optimizer: Of the stack, as `ablate.execute.stack.optimizer.stacked` makes it.
        clip_norms: The largest norm of each member's gradient, inf for none; None: no member's is clipped.
        call: Computes the losses.

    Raises:
        Unstackable: one of the leaves gets no gradient.
    """
    losses = call(skeleton, loss, state, inputs, targets)
    rows = gradients.fill(torch.autograd.grad(losses.sum(), leaves, allow_unused=True))
    if clip_norms is not None:
        rows = _clipped(rows, clip_norms)
    groups = [group["params"][0] for group in optimizer.param_groups]
    for group, gradient in zip(groups, rows.split([len(group) for group in groups]), strict=True):
        group.grad = gradient
    optimizer.step()
    return losses.detach()


def _clipped(rows: Tensor, norms: Tensor) -> Tensor:
    """Each member's gradient, of no more than its largest norm: as torch's `clip_grad_norm_`."""
    scale = (norms / (torch.linalg.vector_norm(rows, dim=1) + 1e-6)).clamp(max=1.0)
    return rows * torch.where(norms.isinf(), 1.0, scale).unsqueeze(1)
