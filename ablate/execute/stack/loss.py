"""The losses of a stack's members."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import vmap


class StackedLoss(nn.Module):
    """The losses of all members, which may have different ones.

    Args:
        losses: The different ones.
        rows: Of each, the members that have it; together every member once.
    """

    def __init__(self, losses: Sequence[nn.Module], rows: Sequence[Sequence[int]]) -> None:
        super().__init__()
        self.losses = nn.ModuleList(losses)
        by_loss = torch.tensor([member for members in rows for member in members])
        self.register_buffer("by_loss", by_loss, persistent=False)
        self.register_buffer("by_member", by_loss.argsort(), persistent=False)
        self.by_loss: Tensor
        self.by_member: Tensor
        self._sizes = [len(members) for members in rows]

    def forward(
        self, predicted: Float[Tensor, "members batch ..."], targets: Float[Tensor, "members batch ..."]
    ) -> Float[Tensor, "members"]:
        """Each member's loss of its predictions."""
        if len(self.losses) == 1:
            return member_losses(self.losses[0], predicted, targets)
        sorted_ones = (tensor.index_select(0, self.by_loss).split(self._sizes) for tensor in (predicted, targets))
        parts = [member_losses(*part) for part in zip(self.losses, *sorted_ones, strict=True)]
        return torch.cat(parts).index_select(0, self.by_member)


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
