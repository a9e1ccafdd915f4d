import pytest
import torch

from ablate.errors import ModelError
from ablate.models import MLP

pytestmark = pytest.mark.numeric

# By hand, for 12 inputs to 10 outputs, width 64, depth 6.
# Stem 12·64 + 64 = 832; six layers of 64·64 + 64 = 4160.
TRUNK = 832 + 6 * 4160


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, TRUNK + 650),
        ({"head": "conv"}, TRUNK + 650),
        ({"head": "gap"}, TRUNK),
        ({"head": "fc2"}, TRUNK + 4160 + 650),
        ({"norm": "batch"}, TRUNK + 7 * 128 + 650),
        ({"norm": "layer"}, TRUNK + 7 * 128 + 650),
        ({"bias": False}, TRUNK - 7 * 64 + 640),
        ({"depth": 0}, 832 + 650),
    ],
    ids=str,
)
def test_parameter_counts(options, expected):
    assert sum(p.numel() for p in MLP(inputs=(12,), outputs=10, **options).parameters()) == expected


@pytest.mark.parametrize("inputs", [(12,), (3, 4), (1, 2, 3, 2)])
def test_inputs_of_any_rank_are_flattened(inputs):
    flat, network = MLP(inputs=(12,), outputs=3), MLP(inputs=inputs, outputs=3)
    flat.initialise(0)
    network.initialise(0)
    x = torch.randn(5, 12)
    torch.testing.assert_close(network(x.reshape(5, *inputs)), flat(x))


@pytest.mark.parametrize("norm", ["none", "layer"])
def test_forward_by_hand(norm):
    network = MLP(inputs=(7,), outputs=3, width=4, depth=2, skip_span=2, branch_activation="inner", norm=norm,
                  post_activation=True, hidden_activation="tanh", bias_value=0.1)  # fmt: skip
    p = dict(network.named_parameters())

    def layer(x, name):
        y = x @ p[f"{name}.weight"].T + 0.1
        return y if norm == "none" else (y - y.mean(1, True)) / (y.var(1, correction=0, keepdim=True) + 1e-5).sqrt()

    x = torch.randn(5, 7)
    y = layer(x, "stem").tanh()
    branch = layer(layer(y, "hidden.layers.0").tanh(), "hidden.layers.1")
    expected = (branch + y).tanh() @ p["head.output.weight"].T + 0.1
    torch.testing.assert_close(network(x), expected)


def test_one_output_keeps_its_dimension():
    assert MLP(inputs=(2,), outputs=1)(torch.randn(5, 2)).shape == (5, 1)


def test_the_last_layer_s_bias_may_start_elsewhere():
    plain, moved = (MLP(inputs=(4,), outputs=2, depth=1, output_bias=value) for value in (None, 3.0))
    for network in (plain, moved):
        network.initialise(0)
    x = torch.randn(5, 4)
    torch.testing.assert_close(moved(x), plain(x) + 3)


@pytest.mark.parametrize("options", [{"bias": False}, {"head": "gap"}], ids=str)
def test_a_last_bias_that_is_not_there_cannot_start_elsewhere(options):
    with pytest.raises(ModelError, match=r"output_bias=3\.0 has no bias to set"):
        MLP(inputs=(4,), outputs=2, output_bias=3.0, **options)
