"""Edits of timm's networks, as they are: their structure, a forward pass, and a study that leaves blocks out."""

import importlib.util
import json

import pytest
import torch
import yaml
from torch import nn

from ablate import study
from ablate.config.trial import TrialConfig
from ablate.errors import ConfigError
from ablate.execute.process.isolation import isolated_process
from ablate.execute.train.network import network
from ablate.execute.train.size import parameters

pytestmark = [
    pytest.mark.numeric,
    pytest.mark.skipif(importlib.util.find_spec("timm") is None, reason="needs: pip install timm"),
]

VIT = {
    "_target_": "timm.create_model",
    "model_name": "vit_tiny_patch16_224",
    "img_size": 8,
    "patch_size": 4,
    "in_chans": 1,
    "embed_dim": 12,
    "num_heads": 2,
    "depth": 3,
    "num_classes": 10,
}
RESNET = {"_target_": "timm.create_model", "model_name": "resnet18", "num_classes": 10}


def built(node, edit=None):
    with isolated_process(threads=1):  # timm warns where torch deprecates what it imports
        return network(TrialConfig.from_dict({"model": node if edit is None else {**node, "edit": edit}}), seed=3)


def kinds(net, kind):
    return [path for path, part in net.named_modules() if type(part) is kind]


def test_resnet18_with_other_activations_and_norms_and_without_a_block():
    plain = built(RESNET)
    (norm,) = {type(part) for part in plain.modules() if isinstance(part, nn.BatchNorm2d)}
    group = {"_target_": "torch.nn.GroupNorm", "num_groups": 8, "num_channels": "@num_features"}
    edits = [{"replace": {"ReLU": "GELU"}}, {"replace": {norm.__name__: group}}, {"identity": "layer4.1"}]
    net = built(RESNET, edits)
    left = [path for path in kinds(plain, nn.ReLU) if not path.startswith("layer4.1.")]
    assert kinds(net, nn.GELU) == left
    assert not kinds(net, nn.ReLU)
    assert kinds(net, nn.GroupNorm) == [path for path in kinds(plain, norm) if not path.startswith("layer4.1.")]
    assert parameters(plain) - parameters(net) == sum(p.numel() for p in plain.layer4[1].parameters())
    assert net(torch.zeros(2, 3, 32, 32)).shape == (2, 10)
    for path in kinds(net, nn.Conv2d):
        assert net.get_submodule(path).weight.equal(plain.get_submodule(path).weight), "it starts as without edits"


def test_a_vit_with_another_activation_and_without_a_block():
    plain = built(VIT)
    net = built(VIT, [{"replace": {"GELU": "SiLU"}}, {"remove": "blocks.1"}])
    assert kinds(net, nn.SiLU) == ["blocks.0.mlp.act", "blocks.2.mlp.act"]
    assert parameters(plain) - parameters(net) == sum(p.numel() for p in plain.blocks[1].parameters())
    assert net(torch.zeros(2, 1, 8, 8)).shape == (2, 10)
    with pytest.raises(ConfigError, match=r"'blocks.3' selects nothing in VisionTransformer.*Nearest: blocks\.\d"):
        built(VIT, {"identity": "blocks.3"})


def test_leave_one_out_of_the_blocks_of_a_vit_with_lesions(here, project, listener):
    project("conf/model/vit.yaml", yaml.safe_dump(VIT))
    project(
        "conf/study/vit.yaml",
        """
        # @package _global_
        defaults:
          - override /model: vit
        replicates: 2
        study:
          name: vit
          question: Which block earns its place?
          design: leave_one_out
          components: blocks.*
          response: test/accuracy
          lesion: true
        data: {limit: 80, val_size: 10, test_size: 20, batch_size: 20}
        trainer: {max_epochs: 1}
        """,
    )
    study.run(["vit", "engine=inline"], observer=listener)
    assert [r.state for r in listener.records] == ["complete"] * 8, [r.error for r in listener.records]
    sizes = {json.dumps(r.levels): r.counts.parameters for r in listener.records}
    assert len(sizes) == 4
    assert len(set(sizes.values())) == 2, "the whole network, and one without a block"
    lesions = [r.lesions for r in listener.records if set(r.levels.values()) == {"in"}]
    assert [set(found) for found in lesions] == [{f"blocks.{n}=out" for n in range(3)}] * 2
