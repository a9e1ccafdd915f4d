"""Heads by name: from the last hidden layer's features to the outputs.

Shapes: (batch, width, *spatial) → (batch, outputs); `spatial` is (height, width) of a map, (steps,) of a sequence,
() when dense. The layer that yields the outputs is `output` in every head that has one, so that arms share its
draw.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ablate.errors import ModelError
from ablate.models.option import chosen


@dataclass(frozen=True, kw_only=True)
class HeadSpec:
    """What a head is built for. `activation` stands between the layers of a head that has two."""

    width: int
    spatial: tuple[int, ...]
    outputs: int
    bias: bool
    activation: Callable[[], nn.Module]

    @property
    def features(self) -> int:
        """Numbers per example that enter the head."""
        return self.width * math.prod(self.spatial)


class Maximum(nn.Module):
    """The largest value over the steps; equal ones share its gradient."""

    def forward(self, x: Float[Tensor, "batch width steps"]) -> Float[Tensor, "batch width"]:
        """The maxima."""
        return x.amax(2)


class GroupMean(nn.Module):
    """The mean of each group of neighbouring units.

    The groups are those of `nn.AdaptiveAvgPool1d`, whose backward is not deterministic on CUDA: group j holds the units
    from ⌊j·units/groups⌋ to ⌈(j+1)·units/groups⌉.
    """

    def __init__(self, units: int, groups: int) -> None:
        super().__init__()
        self.units, self.groups = units, groups
        self._windows = None if units % groups == 0 else _windows(units, groups)
        """Where groups differ in size or overlap. No buffers: two networks cannot differ in them."""

    def forward(self, x: Float[Tensor, "batch units"]) -> Float[Tensor, "batch groups"]:
        """The means."""
        if self._windows is None:
            return x.unflatten(-1, (self.groups, -1)).mean(-1)
        index, inside, sizes = self._windows
        return (x.index_select(-1, index).unflatten(-1, inside.shape) * inside).sum(-1) / sizes

    def extra_repr(self) -> str:
        """Its sizes."""
        return f"units={self.units}, groups={self.groups}"

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "GroupMean":
        """Called by `to`, `double` and their like, which see parameters and buffers only."""
        super()._apply(fn, recurse)
        if self._windows is not None:
            index, inside, sizes = self._windows
            self._windows = fn(index), fn(inside), fn(sizes)
        return self


def _windows(units: int, groups: int) -> tuple[Tensor, Tensor, Tensor]:
    """Places of units, as many for each group as the largest holds; 1 for those that it holds; sizes of the groups."""
    group = torch.arange(groups, device="cpu")
    begin, end = group * units // groups, ((group + 1) * units + groups - 1) // groups
    place = begin.unsqueeze(1) + torch.arange(int((end - begin).max()), device="cpu")
    inside = place < end.unsqueeze(1)
    return place.clamp(max=units - 1).flatten(), inside.float(), (end - begin).float()


def fc(spec: HeadSpec) -> nn.Sequential:
    """One fully connected layer on the flattened features."""
    return _named(flatten=nn.Flatten(), output=nn.Linear(spec.features, spec.outputs, bias=spec.bias))


def fc2(spec: HeadSpec) -> nn.Sequential:
    """Two fully connected layers, with `width` units and the hidden activation between them; no norm."""
    return _named(
        flatten=nn.Flatten(),
        hidden=nn.Linear(spec.features, spec.width, bias=spec.bias),
        activation=spec.activation(),
        output=nn.Linear(spec.width, spec.outputs, bias=spec.bias),
    )


def gap(spec: HeadSpec) -> nn.Sequential:
    """Global average pooling: Lin et al. (2013, arXiv 1312.4400, section 3.2).

    Feature maps and sequences: the mean of each channel, then one linear layer. Dense: no parameters; output j is
    the mean of group j of the units; where the outputs do not divide the width, neighbouring groups share the unit
    at their edge.

    Raises:
        ModelError: a dense layer has fewer units than there are outputs.
    """
    if spec.spatial:
        output = nn.Linear(spec.width, spec.outputs, bias=spec.bias)
        pool = nn.AdaptiveAvgPool1d(1) if len(spec.spatial) == 1 else nn.AdaptiveAvgPool2d(1)
        return _named(pool=pool, flatten=nn.Flatten(), output=output)
    if spec.width < spec.outputs:
        raise ModelError(
            f"head=gap needs a group of units for each of the {spec.outputs} outputs: "
            f"width must be at least {spec.outputs}, not {spec.width}."
        )
    return _named(pool=GroupMean(spec.width, spec.outputs))


def conv(spec: HeadSpec) -> nn.Sequential:
    """`fc` written as a convolution whose kernel covers all features: equal to `fc` at equal weights."""
    if spec.spatial:
        if len(spec.spatial) == 1:
            output = nn.Conv1d(spec.width, spec.outputs, spec.spatial[0], bias=spec.bias)
        else:
            output = nn.Conv2d(spec.width, spec.outputs, (spec.spatial[0], spec.spatial[1]), bias=spec.bias)
        return _named(output=output, flatten=nn.Flatten())
    output = nn.Conv1d(1, spec.outputs, spec.width, bias=spec.bias)
    return _named(channel=nn.Unflatten(1, (1, spec.width)), output=output, flatten=nn.Flatten())


def steps(spec: HeadSpec) -> nn.Sequential:
    """One output for each step of a sequence, by the same linear layer; the hidden layers may take any length.

    Raises:
        ModelError: there are more or fewer outputs than steps.
    """
    if (spec.outputs,) != spec.spatial:
        raise ModelError(f"head=steps has an output for each of the {spec.spatial[0]} steps, not {spec.outputs}.")
    return _named(output=nn.Conv1d(spec.width, 1, 1, bias=spec.bias), flatten=nn.Flatten())


def maximum(spec: HeadSpec) -> nn.Sequential:
    """The largest value of each channel over the steps of a sequence, then one linear layer: any length."""
    return _named(pool=Maximum(), output=nn.Linear(spec.width, spec.outputs, bias=spec.bias))


HEADS: dict[str, Callable[[HeadSpec], nn.Sequential]] = {"conv": conv, "fc": fc, "fc2": fc2, "gap": gap}
SEQUENCE_HEADS: dict[str, Callable[[HeadSpec], nn.Sequential]] = {
    "fc": fc,
    "gap": gap,
    "max": maximum,
    "steps": steps,
}


def build_head(
    name: str, spec: HeadSpec, heads: Mapping[str, Callable[[HeadSpec], nn.Sequential]] = HEADS
) -> nn.Sequential:
    """The head of that name.

    Raises:
        ModelError: the name is unknown, or the head cannot be built at this width.
    """
    return chosen("head", name, heads)(spec)


def _named(**layers: nn.Module) -> nn.Sequential:
    return nn.Sequential(OrderedDict(layers))
