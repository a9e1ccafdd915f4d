"""Pooling over the steps of a sequence by weights that depend on each step.

Shapes: inputs (batch, channels, steps) → weights (batch, steps) → pooled (batch, width) → outputs (batch, outputs).
Parameters: `query`, `key`, `value` and `output`, by these names in every arm; equal weights leave the first two unused.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ablate.errors import ModelError
from ablate.models.initialisation import initialise
from ablate.models.option import check_at_least, check_inputs, chosen


class Sigmoid(nn.Module):
    """σ(score − log steps): each step by itself, and at score 0 together nearly as much as softmax gives.

    Ramapuram et al. (2024, arXiv 2409.04431, section 3), whose bias of −log steps this is.
    """

    def forward(self, scores: Float[Tensor, "batch steps"]) -> Float[Tensor, "batch steps"]:
        """The weights."""
        return torch.sigmoid(scores - math.log(scores.shape[1]))


class ReluShare(nn.Module):
    """The share of a step in the sum of all positive scores; 0 for every step where none is positive."""

    def forward(self, scores: Float[Tensor, "batch steps"]) -> Float[Tensor, "batch steps"]:
        """The weights."""
        positive = scores.relu()
        return positive / positive.sum(1, keepdim=True).clamp_min(SMALLEST_SUM)


class Mean(nn.Module):
    """The weight 1 / steps for every step, whatever its score."""

    def forward(self, scores: Float[Tensor, "batch steps"]) -> Float[Tensor, "batch steps"]:
        """The weights."""
        return torch.full_like(scores, 1 / scores.shape[1])


SMALLEST_SUM = 1e-6
"""Of positive scores, which are divided by it where it is less: no division by 0."""

POOLINGS: dict[str, Callable[[], nn.Module]] = {
    "mean": Mean,
    "relu_share": ReluShare,
    "sigmoid": Sigmoid,
    "softmax": lambda: nn.Softmax(dim=1),
    "unnormalised": nn.Identity,
}
"""How scores become weights: a module of its own, so that a hook sees both."""


class AttentionPooling(nn.Module):
    """The weighted sum of a sequence's values, and a linear layer.

    The score of a step is ⟨query, key⟩ / √width, both linear in its channels; by softmax over the steps it is the
    attention of Vaswani et al. (2017, arXiv 1706.03762, eq. 1). The order of the steps does not count. With
    `score_bias` query and key are affine, so that all scores of a sequence can be moved: a threshold for weights that
    are 0 from there on down, and nothing for softmax.

    Raises:
        ModelError: an option has no valid value.
    """

    def __init__(
        self,
        *,
        inputs: Sequence[int],
        outputs: int,
        width: int = 16,
        pooling: str = "softmax",
        init: str = "lecun",
        score_bias: bool = False,
    ) -> None:
        super().__init__()
        check_inputs(inputs)
        if len(inputs) != 2:
            raise ModelError(f"AttentionPooling needs inputs (channels, steps), not {tuple(inputs)}.")
        check_at_least(1, outputs=outputs, width=width)
        self.query, self.key = (nn.Linear(inputs[0], width, bias=score_bias) for _ in range(2))
        self.value = nn.Linear(inputs[0], width, bias=False)
        self.weights = chosen("pooling", pooling, POOLINGS)()
        self.output = nn.Linear(width, outputs)
        self.draw_parameters = partial(initialise, scheme=init)
        # torch's own seed decides until a trial's does, as for any module.
        self.initialise(int(torch.randint(2**31, (), device="cpu")))

    def initialise(self, seed: int) -> None:
        """Draws all parameters anew, keyed by seed and name."""
        self.draw_parameters(self, seed=seed)

    def forward(self, x: Float[Tensor, "batch channels steps"]) -> Float[Tensor, "batch outputs"]:
        """The outputs."""
        items = x.transpose(1, 2)
        query, key = self.query(items), self.key(items)
        weights = self.weights((query * key).sum(2) / query.shape[2] ** 0.5)
        return self.output((weights.unsqueeze(2) * self.value(items)).sum(1))
