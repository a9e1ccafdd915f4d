"""Every shipped model and objective: what its YAML says, and that it does its work."""

import inspect
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from hydra.utils import get_class, instantiate
from jaxtyping import TypeCheckError
from omegaconf import OmegaConf
from torch.func import functional_call, stack_module_state, vmap
from torchmetrics import MetricCollection

from ablate import models
from tests.tolerances import NETWORK_64

pytestmark = pytest.mark.numeric

CONF = Path(__file__).parents[2] / "conf"
INIT = set(models.INITIALISERS)


@dataclass(frozen=True, kw_only=True)
class Shipped:
    """One file of `conf/model`, and what the suite below builds of it."""

    inputs: tuple[int, ...]
    variants: Sequence[dict[str, Any]] = ()
    """Options to build it with, besides none."""
    choices: Mapping[str, Iterable[str]] = field(default_factory=dict)
    """Option → the names that it takes, all of which its comment lists."""
    stacks: bool = True
    each: tuple[int, ...] = ()
    """Shape of each of an example's outputs."""


MODELS = {
    "maps": Shipped(
        inputs=(1, 8, 8),
        variants=[
            *({"layer": layer, "pool": 2, "depth": 2} for layer in models.MAP_LAYERS),
            {"strip_rows": 2},
            {"bias": False},
            {"frozen_layers": True},
            *({"head": head} for head in models.HEADS),
        ],
        choices={
            "layer": models.MAP_LAYERS,
            "hidden_activation": models.ACTIVATIONS,
            "head": models.HEADS,
            "init": INIT,
        },
    ),
    "linear": Shipped(inputs=(12,), variants=[{"bias": False}], choices={"init": INIT}),
    "tcn": Shipped(
        inputs=(2, 6),
        variants=[
            {"causal": False},
            {"head": "fc"},
            {"head": "max"},
            {"head": "steps", "outputs": 6},
            *({"masked": True, "head": head} for head in ("gap", "max", "fc")),
        ],
        choices={"hidden_activation": models.ACTIVATIONS, "head": models.SEQUENCE_HEADS, "init": INIT},
    ),
    "lstm": Shipped(
        inputs=(2, 6),
        variants=[{"outputs": None}, {"bias": False}, *({"init": init} for init in models.INITIALISERS)],
        choices={"init": INIT},
        stacks=False,  # torch has no batching rule for it: a stack folds it
    ),
    "gru": Shipped(
        inputs=(2, 6),
        variants=[{"outputs": None}, {"bias": False}, *({"init": init} for init in models.INITIALISERS)],
        choices={"init": INIT},
        stacks=False,  # torch has no batching rule for it: a stack folds it
    ),
    "attention": Shipped(
        inputs=(2, 6),
        variants=[{"pooling": pooling, "score_bias": bias} for pooling in models.POOLINGS for bias in (False, True)],
        choices={"pooling": models.POOLINGS, "init": INIT},
    ),
    "wide_resnet": Shipped(
        inputs=(2, 8, 8),
        variants=[{"block_layers": 1}, {"block_layers": 3, "depth": 9, "widening": 1}],
        choices={"init": INIT},
    ),
    "twins": Shipped(
        inputs=(1, 8),
        variants=[{"network": network} for network in models.TWINS],
        each=(2,),
        choices={"network": models.TWINS, "init": INIT},
    ),
    "pair": Shipped(
        inputs=(1, 4, 8),
        variants=[{"head": head} for head in models.HEADS],
        choices={"hidden_activation": models.ACTIVATIONS, "head": models.HEADS, "init": INIT},
    ),
}
"""A model that is shipped has one entry here; `mlp`, the residual nets and `vgg16` have tests of their own."""
RESNETS = ("convnet", "resnet", "simple_resnet")
"""What `ablate.models.ResNet` is shipped as."""
CHOICES = {
    **{name: shipped.choices for name, shipped in MODELS.items()},
    "mlp": {"shortcut": models.SHORTCUTS},
    "resnet": {"shortcut": models.SHORTCUTS, "branch_dense": models.BRANCH_DENSE},
}
TARGETS = {
    "binary": (1, torch.tensor([[0.0], [1.0], [1.0]])),
    "hinge": (1, torch.tensor([[-1.0], [1.0], [1.0]])),
    "hinge_labels": (1, torch.tensor([[0.0], [1.0], [1.0]])),
    "sigmoids": (4, torch.eye(4)[[0, 3, 2]]),
    "softmax": (4, torch.tensor([0, 3, 2])),
    "double_softmax": (4, torch.tensor([0, 3, 2])),
    "categorical_hinge": (4, torch.tensor([0, 3, 2])),
    "twins": (3, torch.tensor([0, 2, 1])),
    "one_vs_rest": (4, torch.tensor([0, 3, 2])),
    "labels": (3, torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])),
    "shared_softmax": (3, torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])),
    "approximation": (1, torch.tensor([[0.3], [-1.0], [1.0]])),
    "tokens": (4, torch.tensor([[0, 3], [2, 2], [1, -100]])),
    "segmentation": (4, torch.tensor([[[0, 3]], [[2, 2]], [[1, -100]]])),
}
PREDICTED = {"twins": (3, 2), "tokens": (2, 4), "segmentation": (4, 1, 2)}
"""The shape of an example's outputs, where it is not one number for each."""


def model(name: str, **options: Any) -> torch.nn.Module:
    config = yaml.safe_load((CONF / "model" / f"{name}.yaml").read_text(encoding="utf-8"))
    return instantiate(config | {"inputs": MODELS[name].inputs, "outputs": 3} | options)


def test_every_model_and_objective_is_tested():
    assert {path.stem for path in (CONF / "model").glob("*.yaml")} == {*MODELS, *RESNETS, "mlp", "vgg16"}
    others = {"none", "classification", "regression"}
    assert {path.stem for path in (CONF / "objective").glob("*.yaml")} == {*TARGETS, *others}


@pytest.mark.parametrize("name", MODELS)
def test_the_config_says_every_option_with_the_constructor_s_default(name):
    text = (CONF / "model" / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.startswith("# ")
    config = yaml.safe_load(text)
    built = get_class(config.pop("_target_"))
    assert (config.pop("inputs"), config.pop("outputs")) == ("${data.inputs}", "${data.outputs}")
    parameters = inspect.signature(built).parameters
    assert list(config.items()) == [(n, p.default) for n, p in parameters.items() if n not in ("inputs", "outputs")]


@pytest.mark.parametrize("name", CHOICES)
def test_the_config_names_every_choice(name):
    text = (CONF / "model" / f"{name}.yaml").read_text(encoding="utf-8").replace("\n   ", " ")
    comments = {line.split(":")[0]: line.partition("#")[2] for line in text.splitlines()}
    for option, choices in CHOICES[name].items():
        words = comments[option].replace(",", " ").replace(";", " ").replace(":", " ").split()
        assert set(choices) <= set(words), option


CASES = [(name, options) for name, shipped in MODELS.items() if shipped.stacks for options in ({}, *shipped.variants)]


@pytest.mark.parametrize("name", MODELS)
def test_options_pass_the_annotations_checks(checked, name):
    for options in ({}, *MODELS[name].variants):
        network = model(name, **options)
        assert isinstance(network, getattr(checked, type(network).__name__))
        assert network(torch.randn(4, *MODELS[name].inputs)).shape == (
            4,
            options.get("outputs", 3) or 10,
            *MODELS[name].each,
        )
    with pytest.raises(TypeCheckError):
        # Maps take sequences too, as which one image without its batch would pass.
        network(torch.randn(MODELS[name].inputs[1:] if name == "maps" else MODELS[name].inputs))


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
def test_members_stack(name, options):
    members = [model(name, **options).double() for _ in range(3)]
    parameters, buffers = stack_module_state(members)
    x = torch.randn(3, 4, *MODELS[name].inputs, dtype=torch.float64)
    together = vmap(lambda p, b, x: functional_call(members[0], (p, b), (x,)))(parameters, buffers, x)
    alone = torch.stack([member(x[i]) for i, member in enumerate(members)])
    torch.testing.assert_close(together, alone, rtol=NETWORK_64, atol=NETWORK_64)


HIDDEN = [
    {"shortcut": "concat", "skip_span": 2}, {"shared_weights": True}, {"bias_sd": 0.1},
    {"zero_init_residual": True, "skip_span": 2, "branch_activation": "inner"},
    {"hard_threshold": True, "hidden_activation": "tanh"},
]  # fmt: skip


@pytest.mark.parametrize(("name", "inputs"), [("MLP", (7,)), ("ResNet", (2, 6, 5))])
def test_members_of_the_residual_networks_stack_under_the_checks(checked, name, inputs):
    for options in [*HIDDEN, *([{"branch_dense": "last"}, {"fan_area": False}] if name == "ResNet" else [])]:
        build = getattr(checked, name)
        settings = {"width": 8, "depth": 4, "norm": "batch", **options}
        members = [build(inputs=inputs, outputs=3, **settings).double() for _ in range(2)]
        parameters, buffers = stack_module_state(members)
        x = torch.randn(2, 4, *inputs, dtype=torch.float64)
        together = vmap(lambda p, b, x, one=members[0]: functional_call(one, (p, b), (x,)))(parameters, buffers, x)
        alone = torch.stack([member(x[i]) for i, member in enumerate(members)])
        torch.testing.assert_close(together, alone, rtol=NETWORK_64, atol=NETWORK_64)


@pytest.mark.parametrize("name", MODELS)
def test_draws_depend_on_the_seed_and_nothing_else(name):
    def state(seed):
        network = model(name)
        network.initialise(seed)
        return network.state_dict()

    a, b, c = state(1), state(1), state(2)
    assert all(torch.equal(a[key], b[key]) for key in a)
    assert all(not torch.equal(a[key], c[key]) for key in a if key.endswith("weight") and a[key].ndim > 1)


def test_vgg16_is_counted_on_the_meta_device():
    config = yaml.safe_load((CONF / "model" / "vgg16.yaml").read_text(encoding="utf-8"))
    with torch.device("meta"):
        network = instantiate(config | {"num_classes": 1000})
        assert network(torch.empty(1, 3, 224, 224)).shape == (1, 1000)
    # Simonyan & Zisserman (2014, arXiv 1409.1556, table 2): 138 million; the layers by hand.
    plan = [3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512]
    convolutions = sum(9 * a * b + b for a, b in itertools.pairwise(plan))
    dense = [a * b + b for a, b in itertools.pairwise([512 * 7 * 7, 4096, 4096, 1000])]
    total = sum(p.numel() for p in network.parameters())
    assert total == convolutions + sum(dense) == 138_357_544
    assert round(100 * sum(dense[1:]) / total, 1) == 15.1
    assert round(100 * sum(dense) / total, 1) == 89.4


@pytest.mark.parametrize("name", TARGETS)
def test_an_objective_takes_its_targets_and_logs_its_responses(name):
    text = (CONF / "objective" / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.startswith("# ")
    outputs, targets = TARGETS[name]
    composed = OmegaConf.create({"data": {"outputs": outputs, "chance": 0.25}, "objective": yaml.safe_load(text)})
    node: Any = OmegaConf.to_container(composed, resolve=True)["objective"]  # pyright: ignore
    predictions = torch.randn(3, *PREDICTED.get(name, (outputs,)), requires_grad=True)
    loss = instantiate(node["loss"])(predictions, targets)
    assert loss.shape == ()
    (gradient,) = torch.autograd.grad(loss, predictions)
    assert gradient.any()
    metrics = MetricCollection({k: instantiate(metric) for k, metric in node["metrics"].items()})
    metrics.update(predictions.detach(), targets)
    values = metrics.compute()
    assert all(torch.isfinite(value) and value.ndim == 0 for value in values.values())
    assert set(node["responses"]) - {"loss"} == set(values) - {"probability_sum"}
    assert {r["better"] for r in node["responses"].values()} <= {"higher", "lower"}
