import pytest
import torch
from torch.nn.functional import batch_norm, conv2d

from ablate.errors import ModelError
from ablate.models import WideResNet

pytestmark = pytest.mark.numeric

# WRN-40-2 on CIFAR-10 by hand: 36 convolutions of three stages, three 1×1 projections, the norms before each
# convolution and before the head, the head. The paper says 2.2 million.
CONVOLUTIONS = 9 * (3 * 16 + 16 * 32 + 11 * 32**2 + 32 * 64 + 11 * 64**2 + 64 * 128 + 11 * 128**2)
PROJECTIONS = 16 * 32 + 32 * 64 + 64 * 128
NORMS = 2 * (16 + 11 * 32 + 32 + 11 * 64 + 64 + 11 * 128 + 128)
WRN_40_2 = CONVOLUTIONS + PROJECTIONS + NORMS + 128 * 10 + 10


@pytest.mark.parametrize("block_layers", [1, 2, 3, 4])
def test_the_parameters_are_as_published_whatever_the_blocks(block_layers):
    with torch.device("meta"):
        network = WideResNet(inputs=(3, 32, 32), outputs=10, block_layers=block_layers)
        assert network(torch.empty(1, 3, 32, 32)).shape == (1, 10)
    assert sum(p.numel() for p in network.parameters()) == WRN_40_2 == 2_243_546
    assert len(network.shortcuts) == 36 // block_layers


@pytest.mark.parametrize(("depth", "widening", "millions"), [(36, 1, 0.6), (36, 4, 8.9), (12, 8, 11.0), (24, 10, 36.5)])
def test_the_parameters_of_other_networks_are_as_published(depth, widening, millions):
    """Table 4 of the paper: WRN-40-1, 40-4, 16-8 and 28-10."""
    with torch.device("meta"):
        network = WideResNet(inputs=(3, 32, 32), outputs=10, depth=depth, widening=widening)
    assert sum(p.numel() for p in network.parameters()) / 1e6 == pytest.approx(millions, abs=0.05)


@pytest.mark.parametrize("block_layers", [1, 2])
def test_forward_by_hand(block_layers):
    network = WideResNet(inputs=(2, 7, 6), outputs=3, depth=6, block_layers=block_layers).double().eval()
    with torch.no_grad():
        for value in [*network.parameters(), *network.buffers()]:
            if value.is_floating_point():
                value.add_(0.1 * torch.rand_like(value))
    state = network.state_dict()

    def active(x, norm):
        mean, var = state[f"{norm}.running_mean"], state[f"{norm}.running_var"]
        return batch_norm(x, mean, var, state[f"{norm}.weight"], state[f"{norm}.bias"]).clamp(min=0)

    x = torch.randn(5, 2, 7, 6, dtype=torch.float64)
    y = conv2d(x, state["stem.weight"], padding=1)
    for k in range(0, 6, block_layers):
        first = k % 2 == 0
        stride = 2 if first and k else 1
        skip = y
        for layer in range(k, k + block_layers):
            y = active(y, f"norms.{layer}")
            if layer == k and first:
                skip = conv2d(y, state[f"projections.{k // 2}.weight"], stride=stride)
            y = conv2d(y, state[f"layers.{layer}.weight"], stride=stride if layer == k else 1, padding=1)
        y = y + skip
    assert y.shape == (5, 128, 2, 2)
    expected = active(y, "last_norm").mean((2, 3)) @ state["head.output.weight"].T + state["head.output.bias"]
    torch.testing.assert_close(network(x), expected, rtol=1e-10, atol=1e-10)


def test_blocks_of_other_lengths_start_with_the_same_draws():
    networks = [WideResNet(inputs=(3, 8, 8), outputs=10, depth=12, block_layers=length) for length in (1, 2, 4)]
    for network in networks:
        network.initialise(5)
    one, *others = [network.state_dict() for network in networks]
    for other in others:
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)
    x = torch.randn(4, 3, 8, 8)
    assert not torch.equal(networks[0](x), networks[1](x))


@pytest.mark.parametrize(("options", "message"), [
    ({"inputs": (3, 32)}, r"WideResNet needs inputs \(channels, height, width\), not \(3, 32\)"),
    ({"depth": 40}, "depth=40 does not make 3 stages of whole blocks of 2 layers each: .* 6, such as 36 or 42"),
    ({"depth": 3}, "must be a multiple of 6, such as 6"),
    ({"block_layers": 0}, "block_layers must be at least 1, not 0"),
    ({"widening": 0}, "widening must be at least 1, not 0"),
])  # fmt: skip
def test_nonsense_is_refused(options, message):
    with pytest.raises(ModelError, match=message):
        WideResNet(**({"inputs": (3, 32, 32), "outputs": 10} | options))
