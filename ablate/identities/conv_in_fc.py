"""A convolution is a dense layer with most weights zero and the others shared; few dense layers are convolutions."""

import torch
from torch import nn

from ablate.identities.difference import relative_difference
from ablate.identities.identity import Identity

EXAMPLES = 16


def as_dense(
    *,
    channels: int = 2,
    maps: int = 3,
    height: int = 6,
    width: int = 6,
    kernel: int = 3,
    seed: int = 0,
    tolerance: float = 1e-12,
) -> tuple[Identity, ...]:
    """Writes a convolution with zero padding and stride 1 as the dense layer of the same function.

    Args:
        channels: Of its inputs.
        maps: Channels of its outputs.
        height: Of inputs and outputs.
        width: Of inputs and outputs.
        kernel: Positions a side, odd, at most the height and the width.
        seed: Of weights and inputs, which are standard normal.
        tolerance: Of the outputs, relative to the largest.
    """
    random = torch.Generator().manual_seed(seed)
    conv = nn.Conv2d(channels, maps, kernel, padding=kernel // 2).double()
    with torch.no_grad():
        for parameter in conv.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=random, dtype=torch.float64))
        assert conv.bias is not None
        units = torch.eye(channels * height * width, dtype=torch.float64).unflatten(1, (channels, height, width))
        bias = conv.bias.repeat_interleave(height * width)
        weight = conv(units).flatten(1).T - bias[:, None]
        weight[weight.abs() < tolerance] = 0  # the bias was added and subtracted
        x = torch.randn(EXAMPLES, channels, height, width, generator=random, dtype=torch.float64)
        here, there = conv(x).flatten(1), nn.functional.linear(x.flatten(1), weight, bias)
    seen = _seen(height, kernel) * _seen(width, kernel)
    return (
        Identity(
            statement="a dense layer has the outputs of a convolution (relative)",
            found=relative_difference(here, there),
            expected=0.0,
            tolerance=tolerance,
        ),
        Identity(
            statement=f"its weights, {channels}×{height}×{width} to {maps}×{height}×{width}",
            found=weight.numel(),
            expected=channels * maps * (height * width) ** 2,
        ),
        Identity(statement="of them not zero", found=int((weight != 0).sum()), expected=channels * maps * seen),
        Identity(
            statement="of these different from each other: the convolution's own",
            found=int((weight[weight != 0] / tolerance / 1e3).round().unique().numel()),
            expected=channels * maps * kernel**2,
        ),
    )


def _seen(size: int, kernel: int) -> int:
    """Pairs of an input and an output position along one side, of which the kernel joins one to the other."""
    half = kernel // 2
    return sum(min(size, k + half + 1) - max(0, k - half) for k in range(size))
