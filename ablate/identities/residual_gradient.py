"""The gradient of a residual block takes both ways: through its shortcut unchanged, and through its branch.

Source: K. He, X. Zhang, S. Ren, J. Sun, "Identity Mappings in Deep Residual Networks", ECCV 2016, arXiv 1603.05027,
section 2.
"""

import torch
from torch import Tensor, nn

from ablate.identities.difference import relative_difference
from ablate.identities.identity import Identity


class Block(nn.Module):
    """x + f(x), with a branch f of two dense layers."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.last = nn.Linear(width, width)
        self.inner = nn.Sequential(nn.Linear(width, width), nn.Tanh())

    def branch(self, x: Tensor) -> Tensor:
        """Shapes: (width) to (width)."""
        return self.last(self.inner(x))

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: (width) to (width)."""
        return x + self.branch(x)


def both_ways(*, blocks: int = 3, width: int = 8, seed: int = 0, tolerance: float = 1e-12) -> tuple[Identity, ...]:
    """Compares the Jacobian of blocks with I + J, where J is that of a branch.

    Args:
        blocks: One after the other.
        width: Of each.
        seed: Of weights and input, which are standard normal.
        tolerance: Of the Jacobians and gradients, relative to the largest entry.
    """
    random = torch.Generator().manual_seed(seed)
    made = [Block(width).double() for _ in range(blocks)]
    with torch.no_grad():
        for parameter in nn.ModuleList(made).parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=random, dtype=torch.float64) / width**0.5)
    x, upstream = (torch.randn(width, generator=random, dtype=torch.float64) for _ in range(2))
    blocks_jacobian = torch.func.jacrev(nn.Sequential(*made))(x)
    product, entering = torch.eye(width, dtype=torch.float64), x
    for block in made:
        branch = torch.func.jacrev(block.branch)(entering)
        product, entering = (torch.eye(width, dtype=torch.float64) + branch) @ product, block(entering)
    first = made[0]
    branch = torch.func.jacrev(first.branch)(x)
    pulled = torch.func.vjp(first, x)[1](upstream)[0]
    with torch.no_grad():
        for parameter in first.last.parameters():
            parameter.zero_()
    through_zero = torch.func.vjp(first, x)[1](upstream)[0]
    return (
        Identity(
            statement="a gradient g becomes g + g J in a block: g by the shortcut, g J by the branch (relative)",
            found=relative_difference(pulled, upstream + upstream @ branch),
            expected=0.0,
            tolerance=tolerance,
        ),
        Identity(
            statement=f"the Jacobian of {blocks} blocks is the product of their I + J (relative)",
            found=relative_difference(blocks_jacobian, product),
            expected=0.0,
            tolerance=tolerance,
        ),
        Identity(
            statement="where the branch ends in zeros, the gradient passes unchanged",
            found=relative_difference(upstream, through_zero),
            expected=0.0,
        ),
    )
