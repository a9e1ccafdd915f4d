import pytest
import torch
from torch import nn

from ablate.execute.stack.conv_as_matmul import MatmulConv2d, replace_convolutions
from tests.tolerances import PASS_64

pytestmark = pytest.mark.numeric


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"padding": 1},
        {"padding": (2, 1), "stride": (2, 3), "bias": False},
        {"padding": 2, "dilation": (2, 1), "kernel_size": (2, 3)},
    ],
)
def test_patches_times_weights_are_the_convolution_and_its_gradients(options):
    torch.manual_seed(0)
    convolution = nn.Conv2d(3, 5, **{"kernel_size": 3, **options}, dtype=torch.float64)
    x = torch.randn(4, 3, 9, 8, dtype=torch.float64, requires_grad=True)
    leaves = [x, *convolution.parameters()]
    values = []
    for module in (convolution, MatmulConv2d(convolution)):
        y = module(x)
        values.append([y, *torch.autograd.grad((y**2).sum(), leaves)])
    for mine, theirs in zip(*values, strict=True):
        assert mine.shape == theirs.shape
        assert torch.allclose(mine, theirs, rtol=PASS_64, atol=PASS_64)


def test_names_and_sharing_stay_and_other_convolutions_too():
    shared = nn.Conv2d(2, 2, 3, padding=1)
    grouped, same = nn.Conv2d(2, 2, 3, groups=2), nn.Conv2d(2, 2, 3, padding="same")
    network = nn.Sequential(shared, nn.Sequential(nn.ReLU(), shared), same, grouped)
    names = list(dict(network.named_parameters()))
    changed = replace_convolutions(network)
    assert list(dict(changed.named_parameters())) == names
    assert [type(part).__name__ for part in changed] == ["MatmulConv2d", "Sequential", "Conv2d", "Conv2d"]
    assert changed[0] is changed[1][1]
