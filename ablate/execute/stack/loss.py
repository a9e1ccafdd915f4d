"""The losses of a stack's members."""

import torch
from torch import Tensor, nn
from torch.func import vmap

Scored = tuple[tuple[nn.Module, list[int]], ...]
"""Losses, each with the members that it is for."""


def stacked_losses(scored: Scored, predicted: Tensor, targets: Tensor) -> Tensor:
    """Each member's loss of its predictions, shape (members, batch, …) → (members,)."""
    if len(scored) == 1:
        return member_losses(scored[0][0], predicted, targets)
    parts = [member_losses(loss, predicted[rows], targets[rows]) for loss, rows in scored]
    order = torch.tensor([member for _, rows in scored for member in rows], device=predicted.device)
    return torch.cat(parts)[order.argsort()]


def member_losses(loss: nn.Module, predicted: Tensor, targets: Tensor) -> Tensor:
    """Each member's loss of its predictions, shape (members, batch, …) → (members,), where all have the same loss.

    Plain cross-entropy is computed without vmap, which takes three times as long and loads SymPy.
    """
    if not _is_plain_cross_entropy(loss, predicted, targets):
        return vmap(loss)(predicted, targets)
    assert isinstance(loss, nn.CrossEntropyLoss)
    each = nn.functional.cross_entropy(
        predicted.flatten(0, 1),
        targets.flatten(),
        ignore_index=loss.ignore_index,
        reduction="none",
        label_smoothing=loss.label_smoothing,
    )
    counted = (targets != loss.ignore_index).sum(dim=1)
    return each.view_as(targets).sum(dim=1) / counted


def _is_plain_cross_entropy(loss: nn.Module, predicted: Tensor, targets: Tensor) -> bool:
    """Whether it is the cross-entropy of one class per example, without class weights, averaged over the examples."""
    return (
        type(loss) is nn.CrossEntropyLoss
        and loss.weight is None
        and loss.reduction == "mean"
        and (predicted.ndim, targets.ndim) == (3, 2)
        and not torch.is_floating_point(targets)
    )
