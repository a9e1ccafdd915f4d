"""Losses that torch lacks. Each is a mean over the examples, shape ()."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, nll_loss


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
        return cross_entropy(predictions, targets.unsqueeze(1).expand(-1, 2))
