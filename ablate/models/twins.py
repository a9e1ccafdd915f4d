"""Two networks of one kind, drawn apart and trained alike: what the seed of the start alone does to the answers.

Shapes: inputs (batch, channels, positions, …) → outputs (batch, outputs, 2), of the first network and of the second.
Parameters: those of the network, under `members.0` and `members.1`.
"""

import math
from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ablate.models.initialisation import initialise
from ablate.models.mlp import MLP
from ablate.models.option import check_at_least, check_inputs, chosen
from ablate.models.resnet import ResNet


def linear(inputs: Sequence[int], outputs: int) -> nn.Module:
    """An affine function of the inputs: under cross-entropy, logistic regression, whose loss is convex."""
    return nn.Sequential(nn.Flatten(), nn.Linear(math.prod(inputs), outputs))


def mlp(inputs: Sequence[int], outputs: int) -> nn.Module:
    """Three hidden layers of 64 ReLUs."""
    return MLP(inputs=inputs, outputs=outputs, width=64, depth=2)


def conv(inputs: Sequence[int], outputs: int) -> nn.Module:
    """A residual net with batch norm: a stem of stride 2 and two blocks of two convolutions with 16 channels."""
    return ResNet(
        inputs=inputs,
        outputs=outputs,
        depth=4,
        stem_stride=2,
        norm="batch",
        branch_activation="inner",
        post_activation=True,
        bias_before_norm=False,
    )


TWINS: dict[str, Callable[[Sequence[int], int], nn.Module]] = {"conv": conv, "linear": linear, "mlp": mlp}


class Twins(nn.Module):
    """Two networks that see the same minibatches in the same order, and differ in nothing but their start.

    Raises:
        ModelError: an option has no valid value, or the network does not take the inputs.
    """

    def __init__(self, *, inputs: Sequence[int], outputs: int, network: str = "mlp", init: str = "he") -> None:
        super().__init__()
        check_inputs(inputs)
        check_at_least(1, outputs=outputs)
        build = chosen("network", network, TWINS)
        self.members = nn.ModuleList(build(inputs, outputs) for _ in range(2))
        self.scheme = init
        # torch's own seed decides until a trial's does, as for any module.
        self.initialise(int(torch.randint(2**31, (), device="cpu")))

    def initialise(self, seed: int) -> None:
        """Draws all parameters anew, keyed by seed and name; the second network's under a seed of its own."""
        for number, member in enumerate(self.members):
            initialise(member, scheme=self.scheme, seed=seed + number)

    def forward(self, x: Float[Tensor, "batch channels positions *more"]) -> Float[Tensor, "batch outputs 2"]:
        """The outputs of both."""
        return torch.stack([member(x) for member in self.members], dim=2)
