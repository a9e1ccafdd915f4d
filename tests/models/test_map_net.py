import pytest
import torch

from ablate.errors import ModelError
from ablate.models import MapNet

pytestmark = pytest.mark.numeric


def sizes(**options) -> list[int]:
    return [p.numel() for p in MapNet(**options).parameters()]


def test_the_counts_that_are_asked_for():
    # 5×5 filters, three of them, on 28×28: maps of 24×24, pooled to 12×12; 3 · 144 · 10 = 4320.
    assert sizes(inputs=(1, 28, 28), outputs=10, width=3, kernel=5, padding=0, pool=2) == [75, 3, 4320, 10]


@pytest.mark.parametrize(("layer", "expected"), [
    ("conv", [4 * 9, 4, 4 * 4 * 9, 4]), ("local", [36 * 4 * 9, 36 * 4, 9 * 4 * 36, 36]),
    ("dense", [36 * 144, 144, 36 * 36, 36]),
])  # fmt: skip
def test_only_the_layers_own_parameters_differ(layer, expected):
    # 6×6, then pooled to 3×3 and to 1×1.
    assert sizes(inputs=(1, 6, 6), outputs=2, width=4, depth=2, pool=2, layer=layer) == [*expected, 4 * 2, 2]


@pytest.mark.parametrize("layer", ["conv", "local", "dense"])
def test_forward_is_layer_activation_pool_head(layer):
    network = MapNet(inputs=(2, 6, 6), outputs=3, width=4, layer=layer, pool=2, hidden_activation="tanh")
    x = torch.randn(5, 2, 6, 6)
    maps = network.layers[0](x).tanh().reshape(5, 4, 3, 2, 3, 2).amax((3, 5))
    torch.testing.assert_close(network(x), maps.flatten(1) @ network.head.output.weight.T + network.head.output.bias)


@pytest.mark.parametrize(("layer", "expected"), [
    ("conv", [4 * 2 * 3, 4, 4 * 4 * 3, 4]), ("local", [12 * 4 * 2 * 3, 12 * 4, 6 * 4 * 4 * 3, 6 * 4]),
    ("dense", [12 * 4 * 24, 12 * 4, 6 * 4 * 24, 6 * 4]),
])  # fmt: skip
def test_sequences_are_maps_of_one_row(layer, expected):
    # 12 steps, then pooled to 6 and to 3.
    options = {"outputs": 2, "width": 4, "depth": 2, "pool": 2, "layer": layer}
    assert sizes(inputs=(2, 12), **options) == [*expected, 2 * 4 * 3, 2]
    network, x = MapNet(inputs=(2, 12), **options), torch.randn(5, 2, 12)
    maps = x
    for k in range(2):
        maps = network.layers[k](maps).relu().unflatten(2, (-1, 2)).amax(3)
    torch.testing.assert_close(network(x), maps.flatten(1) @ network.head.output.weight.T + network.head.output.bias)


def test_a_strip_of_steps():
    network = MapNet(inputs=(1, 8), outputs=4, width=3, strip_rows=2, hidden_activation="tanh")
    jacobian = torch.autograd.functional.jacobian(network, torch.randn(1, 1, 8)).reshape(4, 8)
    # Steps 0, 2, 4 and 6 on, two each, and a neighbour of theirs on either side.
    assert [row.nonzero().flatten().tolist() for row in jacobian] == [
        [0, 1, 2], [1, 2, 3, 4], [3, 4, 5, 6], [5, 6, 7]
    ]  # fmt: skip


def test_a_strip_of_all_rows_is_the_whole_image():
    options = {"inputs": (1, 8, 8), "outputs": 10}
    whole, strips = MapNet(**options), MapNet(**options, strip_rows=8)
    for network in (whole, strips):
        network.initialise(3)
    assert {n: p.shape for n, p in whole.named_parameters()} == {n: p.shape for n, p in strips.named_parameters()}
    x = torch.randn(4, 1, 8, 8)
    torch.testing.assert_close(whole(x), strips(x))


# A strip of maps sees one more row of pixels on either side, where there is one: 3 rows at the two ends, 4 between.
@pytest.mark.parametrize(("rows", "seen"), [(2, [3, *[4] * 8, 3]), (None, [8] * 10)])
def test_the_pixels_that_a_logit_sees(rows, seen):
    network = MapNet(inputs=(1, 8, 8), outputs=10, strip_rows=rows, hidden_activation="tanh")
    x = torch.randn(1, 1, 8, 8)
    jacobian = torch.autograd.functional.jacobian(network, x).reshape(10, 8, 8)
    assert (jacobian != 0).any(2).sum(1).tolist() == seen


@pytest.mark.parametrize(("options", "message"), [
    ({"inputs": (8,)}, r"MapNet needs inputs \(channels, steps\) or \(channels, height, width\), not \(8,\)"),
    ({"inputs": (1, 8), "pool": 9}, r"pool=9 does not fit on maps of 8\.$"),
    ({"pool": 9}, "pool=9 does not fit on maps of 8×8"),
    ({"pool": 3, "depth": 3}, "pool=3 does not fit on maps of 2×2"),
    ({"kernel": 11}, "kernel=11 with padding=1 does not fit"),
    ({"layer": "locl"}, "Unknown layer 'locl'. Did you mean 'local'"),
    ({"strip_rows": 9}, "strip_rows must be 1 to 8"),
    ({"strip_rows": 2, "head": "gap"}, "strip_rows restricts what head=fc sees; head is gap"),
    ({"depth": 0}, "depth must be at least 1, not 0"),
    ({"padding": -1}, "padding must be at least 0, not -1"),
])  # fmt: skip
def test_nonsense_is_refused(options, message):
    with pytest.raises(ModelError, match=message):
        MapNet(**({"inputs": (1, 8, 8), "outputs": 10} | options))


def test_frozen_layers_keep_their_draw_and_the_head_is_trained():
    frozen, trained = (MapNet(inputs=(1, 8, 8), outputs=2, depth=2, frozen_layers=f) for f in (True, False))
    for network in (frozen, trained):
        network.initialise(3)
    assert all(torch.equal(v, trained.state_dict()[n]) for n, v in frozen.state_dict().items())
    frozen(torch.randn(4, 1, 8, 8)).sum().backward()
    assert {n for n, p in frozen.named_parameters() if p.requires_grad} == {"head.output.weight", "head.output.bias"}
    assert all(p.grad is None for p in frozen.layers.parameters())
    assert all(p.requires_grad for p in trained.parameters())
