"""A fully connected layer is a convolution whose kernel covers the whole map.

Source: Long, Shelhamer & Darrell (2015, arXiv 1411.4038, section 3.1).
"""

import torch
from torch import nn

from ablate.identities.difference import relative_difference
from ablate.identities.identity import Identity
from ablate.models import HEADS
from ablate.models.head import HeadSpec

EXAMPLES = 32


def same_function(
    *, channels: int = 16, height: int = 8, width: int = 8, outputs: int = 10, seed: int = 0, tolerance: float = 1e-12
) -> tuple[Identity, ...]:
    """Compares the heads `fc` and `conv` on feature maps, once the weights of one are copied into the other.

    Args:
        channels: Of the maps.
        height: Of the maps.
        width: Of the maps.
        outputs: Of the heads.
        seed: Of weights and maps, which are standard normal.
        tolerance: Of outputs and gradients, relative to the largest.
    """
    spec = HeadSpec(width=channels, spatial=(height, width), outputs=outputs, bias=True, activation=nn.ReLU)
    fc, conv = HEADS["fc"](spec).double(), HEADS["conv"](spec).double()
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for one, other in zip(fc.parameters(), conv.parameters(), strict=True):
            one.copy_(torch.randn(one.shape, generator=random, dtype=torch.float64))
            other.copy_(one.reshape(other.shape))
    maps = torch.randn(EXAMPLES, channels, height, width, generator=random, dtype=torch.float64, requires_grad=True)
    here, there = fc(maps), conv(maps)
    (down,), (down_there,) = (torch.autograd.grad(out.square().sum(), maps) for out in (here, there))
    return (
        Identity(
            statement="FC and its convolution with the same weights have the same outputs (relative)",
            found=relative_difference(here, there),
            expected=0.0,
            tolerance=tolerance,
        ),
        Identity(
            statement="FC and its convolution have the same gradients by their inputs (relative)",
            found=relative_difference(down, down_there),
            expected=0.0,
            tolerance=tolerance,
        ),
        Identity(
            statement=f"parameters of the convolution, {channels}×{height}×{width} to {outputs}",
            found=sum(p.numel() for p in conv.parameters()),
            expected=channels * height * width * outputs + outputs,
        ),
    )
