"""What a deterministic training on CUDA would refuse, seen on the CPU."""

from itertools import product
from pathlib import Path

import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from torch import nn

from ablate import models, study
from ablate.errors import ConfigError
from ablate.execute.examine import examination
from ablate.execute.examine.determinism import REFUSED, Refused

CONF = Path(__file__).parents[3] / "conf"

SHAPES = {"lstm": (5, 3), "gru": (5, 3), "attention": (6, 5), "pair": (1, 8, 16), "tcn": (2, 6)}
"""Model → its inputs; the others take (1, 8, 8)."""

HEADS = {name: tuple(models.HEADS) for name in ("maps", "mlp", "pair", "resnet")} | {"tcn": ("fc", "gap")}


def names(call, *inputs):
    """What is refused of a call, forward and backward."""
    refused = Refused()
    with refused:
        call(*inputs).float().sum().backward()
    return refused.names


def maps(*shape):
    return torch.randn(2, 3, *shape, requires_grad=True)


@pytest.mark.parametrize(
    ("call", "inputs", "found"),
    [
        (nn.AdaptiveAvgPool1d(3), maps(7), "_adaptive_avg_pool2d_backward"),
        (nn.AdaptiveAvgPool2d(3), maps(7, 7), "_adaptive_avg_pool2d_backward"),
        (nn.AdaptiveMaxPool2d(3), maps(7, 7), "adaptive_max_pool2d_backward"),
        (nn.AvgPool3d(2), maps(4, 4, 4), "avg_pool3d_backward"),
        (nn.ReflectionPad1d(1), maps(4), "reflection_pad1d_backward"),
        (nn.ReflectionPad2d(1), maps(4, 4), "reflection_pad2d_backward"),
        (nn.Upsample(scale_factor=2, mode="bilinear"), maps(4, 4), "upsample_bilinear2d_backward"),
        (lambda x: x.median(-1).values, maps(4), "median"),
        (
            lambda x: nn.functional.grid_sample(x, torch.zeros(2, 4, 4, 2), align_corners=False),
            maps(4, 4),
            "grid_sampler_2d_backward",
        ),
        (lambda x: nn.NLLLoss()(x, torch.zeros(2, 4, 4, dtype=torch.long)), maps(4, 4), "nll_loss2d_forward"),
        (
            lambda x: x.scatter_reduce(0, torch.zeros(2, 3, 4, dtype=torch.long), torch.ones(2, 3, 4), reduce="prod"),
            maps(4),
            "scatter_reduce",
        ),
    ],
)
def test_what_torch_refuses_is_found(call, inputs, found):
    assert found in names(call, inputs)


@pytest.mark.parametrize(
    ("call", "inputs"),
    [
        (nn.AdaptiveAvgPool1d(1), maps(7)),
        (nn.AdaptiveAvgPool2d(1), maps(7, 7)),
        (nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2)), maps(8, 8)),
        (lambda x: x.median(), maps(4)),
        (lambda x: x.scatter_reduce(0, torch.zeros(2, 3, 4, dtype=torch.long), torch.ones(2, 3, 4), "sum"), maps(4)),
        (lambda x: nn.CrossEntropyLoss()(x, torch.zeros(2, 4, dtype=torch.long)), maps(4)),
    ],
)
def test_what_torch_computes_deterministically_is_not(call, inputs):
    assert [name for name in names(call, inputs) if not name.startswith("nll_loss2d")] == []


def test_every_name_is_one_of_torch_s():
    assert [name for name in REFUSED if not hasattr(torch.ops.aten, name)] == []


def files(group):
    return sorted(file.stem for file in (CONF / group).glob("*.yaml"))


def steps():
    """Every shipped model, with each of its heads, and each objective; twins have an objective of their own."""
    pairs = product([m for m in files("model") if m != "vgg16"], files("objective"))  # torchvision's pooling is refused
    fit = [(m, o) for m, o in pairs if o != "none" and (m == "twins") == (o == "twins")]
    return [(m, head, o) for m, o in fit for head in HEADS.get(m, (None,))]


@pytest.mark.parametrize(("model", "head", "objective"), steps())
def test_no_shipped_network_needs_one(model, head, objective):
    shape, options = SHAPES.get(model, (1, 8, 8)), {"outputs": 4}
    options |= {"inputs": shape} | ({"head": head} if head else {})
    network = instantiate(OmegaConf.merge(OmegaConf.load(CONF / f"model/{model}.yaml"), options))
    loss = instantiate(OmegaConf.load(CONF / f"objective/{objective}.yaml").loss)
    inputs = torch.randn(6, *shape)
    for targets in (torch.arange(6) % 4, torch.rand(6, 4), (torch.arange(6) % 2).float()):
        refused = Refused()
        try:
            with refused:
                loss(network(inputs), targets).backward()
        except (RuntimeError, ValueError, IndexError, UserWarning):  # targets for another loss
            continue
        assert refused.names == []
        return
    pytest.fail("no targets fit the loss")


POOLS = """
    from torch import nn

    class Net(nn.Sequential):
        def __init__(self, width):
            layers = nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(width), nn.Flatten(), nn.Linear(2 * width**2, 10)
            super().__init__(*layers)
"""


def test_a_study_is_refused_before_it_is_trained(plain, here, monkeypatch):
    plain(POOLS, width=2)
    words = ["plain", "model.width=2,3"]
    loose, strict = (study.plan([*words, f"trainer.deterministic={d}"], cwd=here) for d in ("false", "true"))
    monkeypatch.setattr(examination, "is_on_cuda", lambda settings: True)
    examination.examine(loose.spec, loose.layout.points, loose.configs)
    with pytest.raises(ConfigError, match=r"no deterministic _adaptive_avg_pool2d_backward there.*deterministic=false"):
        examination.examine(strict.spec, strict.layout.points, strict.configs)
