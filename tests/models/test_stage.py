"""Residual networks in stages, on images and on sequences, and the block of He et al. (2015)."""

from pathlib import Path

import pytest
import torch
import yaml
from torch import nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn.functional import batch_norm, conv1d, relu

from ablate.errors import ModelError
from ablate.models import ResNet
from tests.tolerances import NETWORK_64

pytestmark = pytest.mark.numeric

CONF = Path(__file__).parents[2] / "conf" / "model"


def shipped(name, **options):
    config = yaml.safe_load((CONF / f"{name}.yaml").read_text(encoding="utf-8"))
    del config["_target_"]
    return ResNet(**(config | {"outputs": 10} | options))


def count(network):
    return sum(p.numel() for p in network.parameters())


def test_the_default_is_the_net_of_he_et_al_with_projections():
    # 8 layers with weights (6n + 2, n = 1); pairs of 3×3 convolutions at 16, 32 and 64 channels, none with a bias.
    network = shipped("resnet", inputs=(3, 32, 32))
    convolutions = 3 * 9 * 16 + 2 * 9 * 16**2 + 9 * 16 * 32 + 9 * 32**2 + 9 * 32 * 64 + 9 * 64**2
    projections = 16 * 32 + 32 * 64
    norms = 2 * (16 * 3 + 32 * 2 + 64 * 2) + 2 * (32 + 64)
    assert count(network) == convolutions + projections + norms + 64 * 10 + 10
    assert network.hidden(network.stem(torch.randn(2, 3, 32, 32))).shape == (2, 64, 8, 8)
    # He et al., table 6: 20 layers with parameter-free shortcuts have .27 million parameters.
    deep = count(shipped("resnet", inputs=(3, 32, 32), depth=18)) - projections - 2 * (32 + 64)
    assert round(deep / 1e6, 2) == 0.27


def test_the_block_by_hand_on_a_sequence():
    network = shipped("resnet", inputs=(2, 9), width=4, depth=4, stages=2).double()
    network.train()
    p = dict(network.named_parameters())

    def normed(x, name):
        return batch_norm(x, None, None, p[f"{name}.weight"], p[f"{name}.bias"], training=True)

    def block(x, number, stride, skip):
        first, last = 2 * number, 2 * number + 1
        y = conv1d(x, p[f"hidden.layers.{first}.weight"], stride=stride, padding=1)
        y = relu(normed(y, f"hidden.norms.{first}"))
        y = normed(conv1d(y, p[f"hidden.layers.{last}.weight"], padding=1), f"hidden.norms.{last}")
        return relu(y + skip)

    x = torch.randn(5, 2, 9, dtype=torch.float64)
    y = relu(normed(conv1d(x, p["stem.weight"], padding=1), "stem_norm"))
    y = block(y, 0, 1, y)
    skip = conv1d(y, p["hidden.projections.1.layer.weight"], stride=2)
    y = block(y, 1, 2, normed(skip, "hidden.projections.1.norm"))
    assert y.shape == (5, 8, 5)
    wanted = y.mean(2) @ p["head.output.weight"].T + p["head.output.bias"]
    torch.testing.assert_close(network(x), wanted, rtol=NETWORK_64, atol=NETWORK_64)


CASES = [
    ({}, (2, 24)), ({}, (2, 8, 6)), ({"skip_span": 1}, (2, 24)), ({"skip_span": 0}, (2, 24)), ({"stages": 1}, (2, 24)),
    ({"skip_span": 3, "depth": 9}, (2, 24)), ({"kernel": 5, "stage_growth": 1}, (2, 8, 6)), ({"stages": 1}, (2, 8, 6)),
    ({"norm": "none", "head": "fc"}, (2, 24)), ({"norm": "layer", "head": "fc2"}, (2, 24)),
    ({"head": "conv", "stem_stride": 2}, (2, 24)), ({"stages": 1, "shortcut": "concat", "norm": "none"}, (2, 24)),
    ({"stages": 1, "branch_dense": "last"}, (2, 24)), ({"zero_init_residual": True}, (2, 24)),
    ({"stage_stride": 3}, (2, 24)),
]  # fmt: skip


@pytest.mark.parametrize(("options", "inputs"), CASES, ids=str)
def test_options_pass_the_annotations_checks_and_members_stack(checked, options, inputs):
    settings = yaml.safe_load((CONF / "resnet.yaml").read_text(encoding="utf-8"))
    settings = {k: v for k, v in settings.items() if k != "_target_"} | {"inputs": inputs, "outputs": 3, **options}
    members = [checked.ResNet(**(settings | {"width": 4})).double() for _ in range(2)]
    parameters, buffers = stack_module_state(members)
    x = torch.randn(2, 6, *inputs, dtype=torch.float64)
    together = vmap(lambda p, b, x: functional_call(members[0], (p, b), (x,)))(parameters, buffers, x)
    alone = torch.stack([member(x[i]) for i, member in enumerate(members)])
    torch.testing.assert_close(together, alone, rtol=NETWORK_64, atol=NETWORK_64)


def test_pixels_in_a_row_are_a_sequence():
    network = ResNet(inputs=(1, 4, 5), outputs=3, dimensions=1)
    assert isinstance(network.stem, nn.Conv1d)
    row = ResNet(inputs=(1, 20), outputs=3)
    row.load_state_dict(network.state_dict())
    x = torch.randn(2, 1, 4, 5)
    assert torch.equal(network(x), row(x.flatten(2)))


def test_the_convnet_is_the_residual_net_without_its_shortcuts():
    plain = shipped("convnet", inputs=(1, 40))
    same = shipped("resnet", inputs=(1, 40), skip_span=0)
    assert {k: v.shape for k, v in plain.state_dict().items()} == {k: v.shape for k, v in same.state_dict().items()}
    plain.initialise(1)
    same.initialise(1)
    x = torch.randn(3, 1, 40)
    assert torch.equal(plain(x), same(x))


def test_a_weight_layer_before_a_batch_norm_needs_no_bias():
    names = [name for name, _ in shipped("resnet", inputs=(1, 40)).named_parameters() if name.endswith("bias")]
    assert all("norm" in name or name == "head.output.bias" for name in names)
    with_biases = shipped("resnet", inputs=(1, 40), norm="none")
    assert "stem.bias" in dict(with_biases.named_parameters())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"depth": 4}, "depth=4 does not make 3 stages of whole blocks of 2 layers each: .* multiple of 6, such as 6"),
        ({"depth": 8}, "such as 6 or 12"),
        ({"skip_span": 0, "depth": 4}, "multiple of 3, such as 3 or 6"),
        ({"shortcut": "concat"}, "goes with stages=1"),
        ({"shared_weights": True}, "they must have one kind and one shape"),
        ({"kernel": 4}, "kernel=4 has no middle"),
        ({"stages": 0}, "stages must be at least 1, not 0"),
        ({"dimensions": 2}, r"dimensions=2 does not fit inputs \(1, 40\); valid: null, for those of the data, 1."),
        ({"dimensions": 3}, "dimensions=3 does not fit"),
    ],
)
def test_what_does_not_fit_is_named(options, says):
    with pytest.raises(ModelError, match=says):
        shipped("resnet", inputs=(1, 40), **options)


def test_dimensions_of_images():
    with pytest.raises(ModelError, match=r"valid: null, for those of the data, 1 \(the pixels row by row\) or 2."):
        shipped("resnet", inputs=(1, 8, 8), dimensions=3)
