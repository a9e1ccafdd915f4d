"""The range of a module's outputs: what a network that ends in it can predict."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

Range = tuple[float, float]

EVERYTHING: Range = (-math.inf, math.inf)

RANGES: Mapping[type[nn.Module], Range] = {
    **dict.fromkeys(
        (
            nn.Bilinear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d,
            nn.Identity, nn.Linear, nn.Softshrink, nn.Tanhshrink,
        ),
        EVERYTHING,
    ),
    nn.GELU: (-0.17005, math.inf),  # its minimum: −.16997, and −.17004 by way of tanh
    nn.Hardsigmoid: (0.0, 1.0),
    nn.Hardswish: (-0.375, math.inf),
    nn.LogSigmoid: (-math.inf, 0.0),
    nn.LogSoftmax: (-math.inf, 0.0),
    nn.Mish: (-0.30885, math.inf),
    nn.ReLU: (0.0, math.inf),
    nn.ReLU6: (0.0, 6.0),
    nn.SELU: (-1.75810, math.inf),
    nn.SiLU: (-0.27847, math.inf),
    nn.Sigmoid: (0.0, 1.0),
    nn.Softmax: (0.0, 1.0),
    nn.Softmin: (0.0, 1.0),
    nn.Softplus: (0.0, math.inf),
    nn.Softsign: (-1.0, 1.0),
    nn.Tanh: (-1.0, 1.0),
}  # fmt: skip
"""Module class → the bounds of what it yields, bounds included; those of a minimum are rounded outwards."""

RANGES_BY_SETTING: Mapping[type[nn.Module], Callable[[Any], Range]] = {
    nn.CELU: lambda m: (-float(m.alpha), math.inf),
    nn.ELU: lambda m: (-float(m.alpha), math.inf),
    nn.Hardtanh: lambda m: (float(m.min_val), float(m.max_val)),
    nn.LeakyReLU: lambda m: _two_sided(float(m.negative_slope)),
    nn.PReLU: lambda m: _two_sided(float(m.weight.detach().min())),
}
"""Module class → the same, where it depends on how the module is set."""


def output_range(module: nn.Module) -> Range | None:
    """The bounds of what a module can yield; None where they are not known."""
    kind = type(module)
    return RANGES[kind] if kind in RANGES else RANGES_BY_SETTING[kind](module) if kind in RANGES_BY_SETTING else None


def _two_sided(slope: float) -> Range:
    """Of a function of slope 1 above zero and this one below."""
    return EVERYTHING if slope > 0 else (0.0, math.inf)
