import pytest
import torch
from torch import nn

from ablate.errors import ModelError
from ablate.models import NORMS
from ablate.models.norm import build_norm

pytestmark = pytest.mark.numeric

EPSILON = 1e-5


def standardised(x: torch.Tensor, dims: tuple[int, ...]) -> torch.Tensor:
    return (x - x.mean(dims, keepdim=True)) / (x.var(dims, keepdim=True, correction=0) + EPSILON).sqrt()


@pytest.mark.parametrize("spatial", [(), (3, 5)])
def test_batch_is_over_examples_and_positions(spatial):
    x = 2 + 3 * torch.randn(6, 8, *spatial, dtype=torch.float64)
    dims = (0, *range(2, x.ndim))
    torch.testing.assert_close(build_norm("batch", width=8, spatial=spatial).double()(x), standardised(x, dims))


@pytest.mark.parametrize("spatial", [(), (3, 5)])
def test_layer_is_over_all_of_one_example(spatial):
    x = 2 + 3 * torch.randn(6, 8, *spatial, dtype=torch.float64)
    dims = tuple(range(1, x.ndim))
    torch.testing.assert_close(build_norm("layer", width=8, spatial=spatial).double()(x), standardised(x, dims))


@pytest.mark.parametrize("spatial", [(), (3, 5)])
def test_group_is_over_a_quarter_of_the_channels(spatial):
    x = 2 + 3 * torch.randn(6, 8, *spatial, dtype=torch.float64)
    quarters = x.reshape(6, 4, -1)
    expected = standardised(quarters, (2,)).reshape(x.shape)
    torch.testing.assert_close(build_norm("group", width=8, spatial=spatial).double()(x), expected)


@pytest.mark.parametrize("name", ["batch", "layer", "group"])
def test_parameters_are_a_scale_and_a_shift_per_channel(name):
    shapes = {n: tuple(p.shape) for n, p in build_norm(name, width=8, spatial=(3, 5)).named_parameters()}
    assert shapes == {"weight": (8,), "bias": (8,)}


def test_none_is_the_identity():
    assert isinstance(build_norm("none", width=8, spatial=()), nn.Identity)


def test_unknown_norm():
    with pytest.raises(ModelError, match=r"Unknown norm 'layr'. Did you mean 'layer'"):
        build_norm("layr", width=8, spatial=())
    assert set(NORMS) == {"none", "batch", "layer", "group"}


def test_group_needs_a_width_that_it_can_split():
    with pytest.raises(ModelError, match="multiple of 4, not 10"):
        build_norm("group", width=10, spatial=(3, 3))


@pytest.mark.parametrize(("name", "width"), [("group", 4), ("layer", 1)])
def test_a_group_of_one_value_is_refused(name, width):
    with pytest.raises(ModelError, match="more than one value"):
        build_norm(name, width=width, spatial=())
    assert build_norm(name, width=width, spatial=(2, 2))
