"""Layers from feature maps to feature maps, by name: convolutional, locally connected, dense.

Shapes: (batch, inputs, height, width) → (batch, units, rows, columns); a kernel of `kernel` positions a side,
`padding` zeros around the map and a stride make rows = ⌊(height + 2 padding − kernel) / stride⌋ + 1, and columns alike,
for every kind of layer. Sequences, (batch, inputs, steps), alike.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ablate.errors import ModelError


@dataclass(frozen=True, kw_only=True)
class MapSpec:
    """What a layer is built for. `spatial`: height and width of the maps that enter it, or the steps of a sequence."""

    inputs: int
    units: int
    spatial: tuple[int, ...]
    kernel: int = 3
    padding: int = 1
    stride: int = 1
    bias: bool

    def __post_init__(self) -> None:
        if min(self.after) < 1:
            raise ModelError(
                f"kernel={self.kernel} with padding={self.padding} does not fit on maps of "
                f"{'×'.join(map(str, self.spatial))}: valid up to {min(self.spatial) + 2 * self.padding}."
            )

    @property
    def after(self) -> tuple[int, ...]:
        """Height and width of the maps that leave it, or the steps."""
        return tuple((size + 2 * self.padding - self.kernel) // self.stride + 1 for size in self.spatial)


class DenseMap(nn.Linear):
    """Every unit at every position from every number that enters: the kernel says only how large its maps are."""

    def __init__(self, spec: MapSpec) -> None:
        super().__init__(spec.inputs * math.prod(spec.spatial), spec.units * math.prod(spec.after), bias=spec.bias)
        self.maps = (spec.units, *spec.after)

    def forward(self, input: Float[Tensor, "batch inputs *spatial"]) -> Float[Tensor, "batch units *after"]:
        """The maps."""
        return super().forward(input.flatten(1)).unflatten(1, self.maps)


class PositionMatmul(nn.Conv1d):
    """A convolution of one step in groups, as one batched product of matrices: half the time on a CPU."""

    def forward(self, input: Float[Tensor, "batch inputs 1"]) -> Float[Tensor, "batch units 1"]:
        """As `nn.Conv1d.forward`."""
        weights = self.weight.unflatten(0, (self.groups, -1)).squeeze(3)
        y = torch.einsum("bgi,gui->bgu", input.squeeze(2).unflatten(1, (self.groups, -1)), weights).flatten(1)
        return (y if self.bias is None else y + self.bias).unsqueeze(2)


class LocalMap(nn.Module):
    """A convolution whose kernel and bias are another one at each position.

    As one grouped convolution over the unfolded patches, whose groups are the positions: its weights have the
    fan-in of a convolution, and `initialise` needs no rule of its own.
    """

    def __init__(self, spec: MapSpec) -> None:
        super().__init__()
        positions = math.prod(spec.after)
        is_sequence = len(spec.spatial) == 1
        fan_in = spec.inputs * spec.kernel ** len(spec.spatial)
        self.patches = nn.Unfold(
            (1, spec.kernel) if is_sequence else spec.kernel,
            padding=(0, spec.padding) if is_sequence else spec.padding,
            stride=spec.stride,
        )
        self.local = PositionMatmul(positions * fan_in, positions * spec.units, 1, groups=positions, bias=spec.bias)
        self.positions = (positions, spec.units)
        self.after = spec.after

    def forward(self, x: Float[Tensor, "batch inputs *spatial"]) -> Float[Tensor, "batch units *after"]:
        """The maps."""
        maps = x.unsqueeze(2) if len(self.after) == 1 else x
        patches = self.patches(maps).transpose(1, 2).flatten(1).unsqueeze(2)
        return self.local(patches).squeeze(2).unflatten(1, self.positions).transpose(1, 2).unflatten(2, self.after)


def conv(spec: MapSpec) -> nn.Conv1d | nn.Conv2d:
    """One kernel for all positions."""
    kind = nn.Conv1d if len(spec.spatial) == 1 else nn.Conv2d
    return kind(spec.inputs, spec.units, spec.kernel, stride=spec.stride, padding=spec.padding, bias=spec.bias)


MAP_LAYERS: dict[str, Callable[[MapSpec], nn.Module]] = {"conv": conv, "dense": DenseMap, "local": LocalMap}
