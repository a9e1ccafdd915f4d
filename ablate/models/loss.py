"""Losses that torch lacks. Each is a mean over the examples, shape ()."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, nll_loss, softplus

from ablate.errors import ModelError
from ablate.models.option import chosen

Losses = Float[Tensor, "batch classes"]
SIGN_LOSSES: dict[str, Callable[[Losses], Losses]] = {
    "cross_entropy": lambda agreement: softplus(-agreement),
    "hinge": lambda agreement: torch.relu(1 - agreement),
    "squared_hinge": lambda agreement: torch.relu(1 - agreement).square(),
}
"""Losses of two classes, of an output times the sign that it should have."""
OVER_OUTPUTS: dict[str, Callable[[Losses], Float[Tensor, " batch"]]] = {
    "mean": lambda losses: losses.mean(1),
    "sum": lambda losses: losses.sum(1),
}


class DoubleSoftmax(nn.Module):
    """Cross-entropy that takes the softmax of the outputs for logits: what comes of a softmax too many.

    Its floor is ln(e + K − 1) − 1 at K classes, where probability 1 is the largest logit: 1.4612 at ten.
    """

    def forward(
        self, predictions: Float[Tensor, "batch classes"], targets: Int64[Tensor, " batch"]
    ) -> Float[Tensor, ""]:
        """The mean loss."""
        return nll_loss(predictions.softmax(1).log_softmax(1), targets)


class Hinge(nn.Module):
    """max(0, 1 − target × output) for one output and targets −1 and 1: Cortes & Vapnik (1995, Machine Learning 20)."""

    def forward(
        self, predictions: Float[Tensor, "batch outputs"], targets: Float[Tensor, "batch outputs"]
    ) -> Float[Tensor, ""]:
        """The mean loss."""
        return torch.relu(1 - targets * predictions).mean()


class TwinCrossEntropy(nn.Module):
    """The mean cross-entropy of two networks on the same targets: each has the gradient of its own, halved."""

    def forward(
        self, predictions: Float[Tensor, "batch classes 2"], targets: Int64[Tensor, " batch"]
    ) -> Float[Tensor, ""]:
        """The mean loss."""
        # Of rows: on CUDA, cross-entropy over a further dimension has no deterministic implementation.
        return cross_entropy(predictions.transpose(1, 2).flatten(0, 1), targets.repeat_interleave(2))


class PositionCrossEntropy(nn.Module):
    """The mean cross-entropy over the positions of a minibatch: the tokens of a sequence, the pixels of an image.

    Args:
        classes_axis: Of the predictions: -1 for the last, as of most language models; 1 for the one after the examples,
            as of torch's convolutions.
        ignore_index: The target at positions that do not count.
    """

    def __init__(self, *, classes_axis: int = -1, ignore_index: int = -100) -> None:
        super().__init__()
        self.classes_axis, self.ignore_index = classes_axis, ignore_index

    def forward(
        self, predictions: Float[Tensor, "batch ..."], targets: Int64[Tensor, "batch *positions"]
    ) -> Float[Tensor, ""]:
        """The mean loss; NaN where no position counts."""
        # One row for each position: see TwinCrossEntropy for the reason.
        rows = by_position(predictions, targets, self.classes_axis).flatten(0, -2)
        return cross_entropy(rows, targets.flatten(), ignore_index=self.ignore_index)


def by_position(
    predictions: Float[Tensor, "batch ..."], targets: Int64[Tensor, "batch *positions"], classes_axis: int
) -> Float[Tensor, "batch *positions classes"]:
    """The predictions with the classes on their last axis.

    Raises:
        ModelError: there is not one vector of classes for each target.
    """
    found = predictions.movedim(classes_axis, -1)
    if found.shape[:-1] != targets.shape:
        raise ModelError(
            f"with the classes on axis {classes_axis}, predictions of shape {list(predictions.shape)} are for targets "
            f"of shape {list(found.shape[:-1])}, not {list(targets.shape)}"
        )
    return found


class OneVsRest(nn.Module):
    """Each class against all others: a loss of two classes, −1 and 1, on each output, and a mean over the batch.

    `loss` of an output z with the sign t: cross_entropy ln(1 + exp(−t z)), of a sigmoid for each class; hinge
    max(0, 1 − t z); squared_hinge its square, the L2-SVM of Tang (2013, arXiv 1306.0239, eq. 8).

    Targets are class numbers, or a 1 among zeros for each example.

    Args:
        loss: A name in `SIGN_LOSSES`.
        over_outputs: What an example's losses become: their `mean`, or their `sum`, which is as many times larger as
            there are outputs.

    Raises:
        ModelError: an option has no valid value.
    """

    def __init__(self, *, loss: str = "cross_entropy", over_outputs: str = "mean") -> None:
        super().__init__()
        self.loss = chosen("loss", loss, SIGN_LOSSES)
        self.over_outputs = chosen("over_outputs", over_outputs, OVER_OUTPUTS)

    def forward(
        self,
        predictions: Float[Tensor, "batch classes"],
        targets: Int64[Tensor, " batch"] | Float[Tensor, "batch classes"],
    ) -> Float[Tensor, ""]:
        """The mean loss."""
        if targets.ndim == 1:
            is_class = targets.unsqueeze(1) == torch.arange(predictions.shape[1], device=predictions.device)
        else:
            is_class = targets > 0
        return self.over_outputs(self.loss(torch.where(is_class, predictions, -predictions))).mean()


class SharedCrossEntropy(nn.Module):
    """Cross-entropy of a softmax where several labels hold, of which each has an equal share of the probability.

    Targets are 1 for each label that holds, 0 for others; an example without labels has the loss 0. Source: Mahajan et
    al. (2018, arXiv 1805.00932, section 2.2).
    """

    def forward(
        self, predictions: Float[Tensor, "batch labels"], targets: Float[Tensor, "batch labels"]
    ) -> Float[Tensor, ""]:
        """The mean loss."""
        shares = targets / targets.sum(1, keepdim=True).clamp(min=1)
        return -(shares * predictions.log_softmax(1)).sum(1).mean()
