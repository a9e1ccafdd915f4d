"""Edits of torchvision's networks, as they are: their structure, and a forward pass."""

import pytest
import torch
from torch import nn

from ablate.config.trial import TrialConfig
from ablate.errors import ConfigError
from ablate.execute.train.network import network
from ablate.execute.train.size import parameters

pytestmark = pytest.mark.numeric
pytest.importorskip("torchvision")

GROUP_NORM = {"_target_": "torch.nn.GroupNorm", "num_groups": 8, "num_channels": "@num_features"}


def built(name, edit=None, **more):
    node = {"_target_": f"torchvision.models.{name}", "num_classes": 10, **more}
    return network(TrialConfig.from_dict({"model": node if edit is None else {**node, "edit": edit}}), seed=3)


def kinds(net, kind):
    return [path for path, part in net.named_modules() if type(part) is kind]


def unequal(one, other):
    """The modules of which a parameter or buffer is not in both, with the same values."""
    left, right = one.state_dict(), other.state_dict()
    names = [k for k in left.keys() | right.keys() if k not in left or k not in right or not left[k].equal(right[k])]
    return {name.rpartition(".")[0] for name in names}


@pytest.fixture(scope="module")
def resnet():
    return built("resnet18")


def test_resnet18_with_other_activations_and_norms(resnet):
    edits = [{"replace": {"ReLU": "GELU"}}, {"replace": {"BatchNorm2d": GROUP_NORM}}]
    net = built("resnet18", edits)
    assert kinds(net, nn.GELU) == kinds(resnet, nn.ReLU)
    norms = kinds(resnet, nn.BatchNorm2d)
    assert kinds(net, nn.GroupNorm) == norms
    assert [net.get_submodule(n).num_channels for n in norms] == [resnet.get_submodule(n).num_features for n in norms]
    assert unequal(resnet, net) <= set(norms), "every convolution and the last layer start as they do without"
    assert parameters(net) == parameters(resnet)
    assert net(torch.zeros(2, 3, 32, 32)).shape == (2, 10)


def test_resnet18_without_a_block(resnet):
    net = built("resnet18", {"identity": "layer4.1"})
    assert parameters(resnet) - parameters(net) == sum(p.numel() for p in resnet.layer4[1].parameters())
    assert {name for name in unequal(resnet, net) if not name.startswith("layer4.1.")} == set()
    removed = built("resnet18", {"remove": "layer4.1"})
    x = torch.randn(2, 3, 32, 32)
    assert torch.equal(net.eval()(x), removed.eval()(x)), "a block of a Sequential"
    with pytest.raises(ConfigError, match=r"layer4.1.conv2 is in layer4.1, a BasicBlock.*{identity: layer4.1.conv2}"):
        built("resnet18", {"remove": "layer4.1.conv2"})
    with pytest.raises(ConfigError, match=r"'layer5.1' selects nothing in ResNet.*Nearest: layer\d.1"):
        built("resnet18", {"identity": "layer5.1"})


def test_resnet18_frozen_and_drawn_anew(resnet):
    net = built("resnet18", [{"freeze": ["conv1", "layer1", "layer2.**.conv?"]}, {"reinit": "layer4.*.conv2"}])
    frozen = {name.rpartition(".")[0] for name, p in net.named_parameters() if not p.requires_grad}
    layer1 = {name for name in kinds(net, nn.Conv2d) + kinds(net, nn.BatchNorm2d) if name.startswith("layer1")}
    layer2 = {f"layer2.{block}.conv{n}" for block in (0, 1) for n in (1, 2)}
    assert frozen == {"conv1"} | layer1 | layer2
    assert unequal(resnet, net) == {"layer4.0.conv2", "layer4.1.conv2"}


@pytest.fixture(scope="module")
def vit():
    return built("vit_b_16", image_size=32)


def test_vit_b_16_without_a_block_and_with_another_activation(vit):
    layer, attention = "encoder.layers.encoder_layer_5", "encoder.layers.encoder_layer_7.self_attention"
    norm = {
        "wrap": {"path": f"{attention}.out_proj", "with": {"_target_": "torch.nn.utils.parametrizations.weight_norm"}}
    }
    edits = [{"remove": layer}, {"replace": {"GELU": "SiLU"}}, norm, {"freeze": "conv_proj"}]
    net = built("vit_b_16", edits, image_size=32)
    assert [name for name, _ in net.encoder.layers.named_children()] == [
        name for name, _ in vit.encoder.layers.named_children() if name != "encoder_layer_5"
    ]
    assert kinds(net, nn.SiLU) == [path for path in kinds(vit, nn.GELU) if not path.startswith(layer)]
    changed = {name for name in unequal(vit, net) if not name.startswith(layer)}
    assert changed == {f"{attention}.out_proj", f"{attention}.out_proj.parametrizations.weight"}
    assert not net.conv_proj.weight.requires_grad
    assert net(torch.zeros(2, 3, 32, 32)).shape == (2, 10)


def test_a_block_that_vit_b_16_does_not_have_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match=r"'encoder.layers.encoder_layer_12' selects nothing.*encoder_layer_1"):
        built("vit_b_16", {"identity": "encoder.layers.encoder_layer_12"}, image_size=32)
