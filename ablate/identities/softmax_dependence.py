"""Units under one softmax depend on each other: they sum to 1, so that the layer loses one dimension."""

import torch
from torch import Tensor

from ablate.identities.identity import Identity
from ablate.models import ACTIVATIONS

EXAMPLES = 32


def dependence(*, units: int = 10, seed: int = 0, tolerance: float = 1e-12) -> tuple[Identity, ...]:
    """Activations and Jacobians of a hidden layer under softmax, and under ReLU for contrast.

    The Jacobian of softmax at a is diag(a) − a aᵀ: its rows sum to a − a Σa = 0, and nothing else is in its kernel.

    Args:
        units: Of the layer, 2 or more.
        seed: Of the pre-activations, which are standard normal.
        tolerance: Of the sums; the numbers summed are at most 1.
    """
    random = torch.Generator().manual_seed(seed)
    z = torch.randn(EXAMPLES, units, generator=random, dtype=torch.float64)
    softmax = ACTIVATIONS["softmax"]()
    jacobians = _jacobians("softmax", z)
    ranks = torch.linalg.matrix_rank(jacobians)
    active = torch.linalg.matrix_rank(_jacobians("relu", z.abs()))
    return (
        Identity(
            statement=f"{units} softmax activations sum to 1",
            found=_furthest(softmax(z).sum(1), 1.0),
            expected=1.0,
            tolerance=tolerance,
        ),
        Identity(
            statement="rows of softmax's Jacobian sum to 0",
            found=_furthest(jacobians.sum(2), 0.0),
            expected=0.0,
            tolerance=tolerance,
        ),
        Identity(
            statement=f"largest rank of softmax's Jacobian, {units} units",
            found=int(ranks.max()),
            expected=units - 1,
        ),
        Identity(
            statement=f"for contrast, smallest rank of ReLU's Jacobian, {units} active units",
            found=int(active.min()),
            expected=units,
        ),
    )


def _jacobians(activation: str, z: Tensor) -> Tensor:
    """∂a/∂z at each example, of shape (examples, units, units): row i is the gradient of activation i."""
    layer = ACTIVATIONS[activation]()
    return torch.func.vmap(torch.func.jacrev(lambda row: layer(row[None])[0]))(z)


def _furthest(numbers: Tensor, centre: float) -> float:
    flat = numbers.flatten()
    return float(flat[(flat - centre).abs().argmax()])
