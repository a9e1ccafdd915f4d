"""The gradient of a batch is the mean of its examples' gradients, so that small batches can be accumulated."""

import torch
from torch import Tensor, nn

from ablate.identities.difference import relative_difference
from ablate.identities.identity import Identity
from ablate.models import MLP

INPUTS, OUTPUTS, WIDTH = 5, 3, 8

SEEN = 1e-3
"""A relative difference of two gradients beyond it is none of rounding, in double precision."""


def accumulated(
    *, examples: int = 32, pieces: int = 4, seed: int = 0, tolerance: float = 1e-12
) -> tuple[Identity, ...]:
    """Compares the gradient of the mean loss of a batch with what its examples and its pieces add up to.

    Batch norm makes the loss of an example depend on the rest of its batch: then the pieces' gradients do not add up.
    Source: S. Ioffe, C. Szegedy, "Batch Normalization", ICML 2015, arXiv 1502.03167, section 3.

    Args:
        examples: Of the batch.
        pieces: In which it is cut, the last one smaller where they cannot be equal.
        seed: Of weights and examples.
        tolerance: Of the gradients, relative to the largest entry.
    """
    random = torch.Generator().manual_seed(seed)
    x = torch.randn(examples, INPUTS, generator=random, dtype=torch.float64)
    target = torch.randint(OUTPUTS, (examples,), generator=random)
    plain, normed = (_net(norm, seed) for norm in ("none", "batch"))

    def summed(net: nn.Module, size: int) -> Tensor:
        """The gradients of pieces of this size, each weighted by its share of the batch."""
        parts = zip(x.split(size), target.split(size), strict=True)
        return torch.stack([len(part) / examples * _gradient(net, part, labels) for part, labels in parts]).sum(0)

    size = -(-examples // pieces)
    whole = _gradient(plain, x, target)
    return (
        Identity(
            statement=f"a batch's gradient is the mean of its {examples} examples' gradients (relative)",
            found=relative_difference(whole, summed(plain, 1)),
            expected=0.0,
            tolerance=tolerance,
        ),
        Identity(
            statement=f"and the sum of {pieces} pieces' gradients, each times its share of the batch (relative)",
            found=relative_difference(whole, summed(plain, size)),
            expected=0.0,
            tolerance=tolerance,
        ),
        Identity(
            statement="accumulation gives the same with batch norm (1 yes, 0 no)",
            found=int(relative_difference(_gradient(normed, x, target), summed(normed, size)) < SEEN),
            expected=0,
            said=1,
            saying="accumulated gradients are those of one large batch",
        ),
    )


def _net(norm: str, seed: int) -> MLP:
    net = MLP(inputs=(INPUTS,), outputs=OUTPUTS, width=WIDTH, depth=2, norm=norm, hidden_activation="tanh").double()
    net.initialise(seed)
    return net


def _gradient(net: nn.Module, x: Tensor, target: Tensor) -> Tensor:
    """Of the mean cross-entropy by all parameters, flat."""
    loss = nn.functional.cross_entropy(net(x), target)
    return torch.cat([gradient.flatten() for gradient in torch.autograd.grad(loss, list(net.parameters()))])
