"""Normalisation layers by name, each with a scale and a shift per unit or channel.

Shapes: they keep (batch, width, *spatial); `spatial` is (height, width) of a feature map, (steps,) of a
sequence, () when dense.
"""

import math
from collections.abc import Callable

from torch import nn

from ablate.errors import ModelError
from ablate.models.option import chosen

Spatial = tuple[int, ...]
GROUPS = 4


def _none(_width: int, _spatial: Spatial) -> nn.Module:
    return nn.Identity()


def _batch(width: int, spatial: Spatial) -> nn.Module:
    return nn.BatchNorm2d(width) if len(spatial) == 2 else nn.BatchNorm1d(width)


def _layer(width: int, spatial: Spatial) -> nn.Module:
    return _grouped("layer", 1, width, spatial)


def _group(width: int, spatial: Spatial) -> nn.Module:
    return _grouped("group", GROUPS, width, spatial)


def _grouped(name: str, groups: int, width: int, spatial: Spatial) -> nn.Module:
    if width % groups:
        raise ModelError(f"norm={name} makes {groups} groups: width must be a multiple of {groups}, not {width}.")
    if width * math.prod(spatial) == groups:
        # One value minus its own mean is 0: the network would be a constant.
        raise ModelError(f"norm={name} needs more than one value in a group: width={width} is too small.")
    return nn.GroupNorm(groups, width)


NORMS: dict[str, Callable[[int, Spatial], nn.Module]] = {
    "batch": _batch,
    "group": _group,
    "layer": _layer,
    "none": _none,
}
"""Batch: Ioffe & Szegedy (2015, arXiv 1502.03167). Layer: Ba et al. (2016, arXiv 1607.06450), over all units,
or all channels and positions. Group: Wu & He (2018, arXiv 1803.08494), in four groups; one group is layer."""


def build_norm(name: str, *, width: int, spatial: Spatial) -> nn.Module:
    """The normalisation that stands between a weight layer and its activation.

    Raises:
        ModelError: the name is unknown, or the width does not fit its groups.
    """
    return chosen("norm", name, NORMS)(width, spatial)
