import pytest
import torch
from torch.nn.functional import conv2d

from ablate.errors import ModelError
from ablate.models import ResNet

pytestmark = pytest.mark.numeric


def count(**options) -> int:
    return sum(p.numel() for p in ResNet(**options).parameters())


# By hand, for (3, 8, 6) to 10 outputs, width 16, depth 6.
# Stem 3·9·16 + 16 = 448; six layers of 16·9·16 + 16 = 2320.
TRUNK = 448 + 6 * 2320


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, TRUNK + 16 * 48 * 10 + 10),
        ({"head": "conv"}, TRUNK + 16 * 48 * 10 + 10),
        ({"head": "gap"}, TRUNK + 16 * 10 + 10),
        ({"head": "fc2"}, TRUNK + 16 * 48 * 16 + 16 + 16 * 10 + 10),
        ({"norm": "batch"}, TRUNK + 7 * 32 + 16 * 48 * 10 + 10),
        ({"norm": "layer", "head": "gap"}, TRUNK + 7 * 32 + 170),
        ({"norm": "group", "head": "gap"}, TRUNK + 7 * 32 + 170),
        ({"bias": False}, TRUNK - 7 * 16 + 16 * 48 * 10),
        ({"stem_stride": 2}, TRUNK + 16 * 12 * 10 + 10),
        ({"stem_stride": 4}, TRUNK + 16 * 4 * 10 + 10),
        ({"depth": 0}, 448 + 7690),
    ],
    ids=str,
)
def test_parameter_counts(options, expected):
    assert count(inputs=(3, 8, 6), outputs=10, **options) == expected


def test_forward_by_hand():
    network = ResNet(inputs=(2, 6, 5), outputs=3, width=4, depth=4, skip_span=2, norm="layer", head="gap")
    with torch.no_grad():
        for p in network.parameters():
            p.add_(0.1 * torch.randn_like(p))
    p = dict(network.named_parameters())

    def layer(x, weight, norm):
        y = conv2d(x, p[f"{weight}.weight"], p[f"{weight}.bias"], padding=1)
        mean, var = y.mean((1, 2, 3), keepdim=True), y.var((1, 2, 3), keepdim=True, correction=0)
        y = (y - mean) / (var + 1e-5).sqrt()
        return (y * p[f"{norm}.weight"][:, None, None] + p[f"{norm}.bias"][:, None, None]).clamp(min=0)

    x = torch.randn(5, 2, 6, 5)
    y = layer(x, "stem", "stem_norm")
    for k in (0, 2):
        inner = layer(y, f"hidden.layers.{k}", f"hidden.norms.{k}")
        y = y + layer(inner, f"hidden.layers.{k + 1}", f"hidden.norms.{k + 1}")
    expected = y.mean((2, 3)) @ p["head.output.weight"].T + p["head.output.bias"]
    torch.testing.assert_close(network(x), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("head", ["fc", "fc2", "gap", "conv"])
@pytest.mark.parametrize(("stride", "size"), [(1, 7), (2, 4), (3, 3), (7, 1), (9, 1)])
def test_stem_stride(head, stride, size):
    network = ResNet(inputs=(1, 7, 7), outputs=3, width=4, depth=2, stem_stride=stride, head=head)
    x = torch.randn(2, 1, 7, 7)
    assert network.stem(x).shape == (2, 4, size, size)
    assert network(x).shape == (2, 3)


def test_mnist_at_half_resolution():
    assert ResNet(inputs=(1, 28, 28), outputs=10, stem_stride=2).stem(torch.zeros(1, 1, 28, 28)).shape[2:] == (14, 14)


@pytest.mark.parametrize("inputs", [(10,), (1, 2, 8, 8)])
def test_only_images_and_sequences(inputs):
    with pytest.raises(ModelError, match=r"needs inputs \(channels, steps\) or \(channels, height, width\), not"):
        ResNet(inputs=inputs, outputs=3)


def test_stride_of_zero():
    with pytest.raises(ModelError, match="stem_stride must be at least 1, not 0"):
        ResNet(inputs=(1, 8, 8), outputs=3, stem_stride=0)
