"""Networks that only these stages train."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

FAULTLESS_STEPS = 5


class Dropping(nn.Sequential):
    """Dense, with dropout before and after its hidden layer. Shapes: (batch, *inputs) → (batch, outputs)."""

    def __init__(self, inputs: Sequence[int], outputs: int, p: float) -> None:
        layers = nn.Dropout(p / 2), nn.Linear(math.prod(inputs), 32), nn.ReLU(), nn.Dropout(p), nn.Linear(32, outputs)
        super().__init__(nn.Flatten(), *layers)


class Faulty(nn.Module):
    """Dense; `fault=assert` reads beyond an embedding's end, `fault=memory` asks for more than there is.

    Both happen in the sixth training step, which is taken in training only, not where networks are examined beforehand.
    """

    def __init__(self, inputs: Sequence[int], outputs: int, fault: str) -> None:
        super().__init__()
        self.fault, self.places = fault, nn.Embedding(4, 8)
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(math.prod(inputs), 8), nn.ReLU())
        self.head, self.calls = nn.Linear(8, outputs), 0
        self.scale = 1.0 if fault == "none" else 0.9  # else the arms would be one network, and refused

    def forward(self, x: Tensor) -> Tensor:
        """The outputs."""
        self.calls += self.training
        is_due = self.training and self.calls > FAULTLESS_STEPS
        if is_due and self.fault == "memory":
            torch.empty(1 << 45, device=x.device)
        beyond = len(self.places.weight) if is_due and self.fault == "assert" else 0
        place = torch.full((len(x),), beyond, device=x.device)
        return self.scale * self.head(self.net(x) + self.places(place))
