"""Layers of feature maps against loops over their positions."""

import math

import pytest
import torch
from torch.nn.functional import pad

from ablate.errors import ModelError
from ablate.models import MAP_LAYERS
from ablate.models.map_layer import MapSpec
from ablate.models.strip import StripLinear

pytestmark = pytest.mark.numeric


def spec(**options) -> MapSpec:
    return MapSpec(**({"inputs": 2, "units": 3, "spatial": (5, 4), "bias": True} | options))


@pytest.mark.parametrize(
    ("kernel", "padding", "after"), [(3, 1, (5, 4)), (3, 0, (3, 2)), (2, 1, (6, 5)), (4, 0, (2, 1))]
)
@pytest.mark.parametrize("kind", ["conv", "dense", "local"])
def test_all_kinds_have_maps_of_one_size(kind, kernel, padding, after):
    layer = MAP_LAYERS[kind](spec(kernel=kernel, padding=padding))
    assert layer(torch.randn(7, 2, 5, 4)).shape == (7, 3, *after)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("kernel", "padding"), [(3, 1), (2, 0)])
def test_a_local_layer_has_a_kernel_at_each_position(kernel, padding, bias):
    s = spec(kernel=kernel, padding=padding, bias=bias)
    layer, x = MAP_LAYERS["local"](s), torch.randn(7, 2, 5, 4)
    rows, columns = s.after
    kernels = layer.local.weight.reshape(rows, columns, 3, 2, kernel, kernel)
    biases = layer.local.bias.reshape(rows, columns, 3) if bias else torch.zeros(rows, columns, 3)
    around, expected = pad(x, (padding,) * 4), torch.empty(7, 3, rows, columns)
    for r in range(rows):
        for c in range(columns):
            patch = around[:, :, r : r + kernel, c : c + kernel]
            expected[:, :, r, c] = torch.einsum("bikl,uikl->bu", patch, kernels[r, c]) + biases[r, c]
    torch.testing.assert_close(layer(x), expected)
    count = rows * columns * 3 * (2 * kernel**2 + bias)
    assert sum(p.numel() for p in layer.parameters()) == count


@pytest.mark.parametrize("spatial", [(5, 4), (20,)])
@pytest.mark.parametrize("stride", [1, 2])
def test_a_local_layer_with_equal_kernels_is_a_convolution(spatial, stride):
    s = spec(spatial=spatial, stride=stride)
    local, conv, x = MAP_LAYERS["local"](s), MAP_LAYERS["conv"](s), torch.randn(7, 2, *spatial)
    positions = math.prod(s.after)
    local.local.weight.data.copy_(conv.weight.reshape(3, -1, 1).repeat(positions, 1, 1))
    local.local.bias.data.copy_(conv.bias.repeat(positions))
    torch.testing.assert_close(local(x), conv(x))


def test_a_dense_layer_is_affine_in_the_whole_maps():
    layer, x = MAP_LAYERS["dense"](spec(padding=0)), torch.randn(7, 2, 5, 4)
    expected = (x.reshape(7, 40) @ layer.weight.T + layer.bias).reshape(7, 3, 3, 2)
    torch.testing.assert_close(layer(x), expected)


def test_a_kernel_that_does_not_fit():
    with pytest.raises(ModelError, match="kernel=7 with padding=1 does not fit on maps of 5×4: valid up to 6"):
        spec(kernel=7)


def strip(rows: int, outputs: int = 4, bias: bool = True) -> StripLinear:
    return StripLinear(width=2, spatial=(5, 3), rows=rows, outputs=outputs, bias=bias)


# First rows by hand: four strips from row 0 to the last that fits.
@pytest.mark.parametrize(("rows", "starts"), [(1, [0, 1, 3, 4]), (2, [0, 1, 2, 3]), (5, [0, 0, 0, 0])])
@pytest.mark.parametrize("bias", [True, False])
def test_each_output_is_linear_in_its_strip(rows, starts, bias):
    layer, x = strip(rows, bias=bias), torch.randn(7, 2, 5, 3)
    expected = torch.stack([
        (x[:, :, start : start + rows].flatten(1) * layer.weight[j]).sum(1) + (layer.bias[j] if bias else 0)
        for j, start in enumerate(starts)
    ], 1)  # fmt: skip
    torch.testing.assert_close(layer(x), expected)


def test_one_output_sees_the_first_rows():
    assert strip(2, outputs=1).seen.tolist() == [[0, 1]]


@pytest.mark.parametrize("rows", [0, 6])
def test_a_strip_that_does_not_fit(rows):
    with pytest.raises(ModelError, match=f"strip_rows must be 1 to 5, .* not {rows}"):
        strip(rows)
