"""What ResNet and MLP have in common, each test on both."""

import inspect
from pathlib import Path

import pytest
import torch
import yaml
from torch.func import functional_call, stack_module_state, vmap

from ablate.errors import ModelError
from ablate.models import HEADS, MLP, NORMS, ResNet
from tests.tolerances import NETWORK_64

pytestmark = pytest.mark.numeric

CONF = Path(__file__).parents[2] / "conf" / "model"
BOTH = pytest.mark.parametrize(("model", "inputs"), [(ResNet, (2, 6, 5)), (MLP, (7,))], ids=["resnet", "mlp"])


def count(network) -> int:
    return sum(p.numel() for p in network.parameters())


def shapes(network) -> dict[str, tuple[int, ...]]:
    return {name: tuple(p.shape) for name, p in network.named_parameters()}


@BOTH
@pytest.mark.parametrize("options", [{}, {"norm": "batch"}, {"head": "fc2"}, {"bias": False}], ids=str)
def test_parameters_are_the_same_at_every_span(model, inputs, options):
    networks = [model(inputs=inputs, outputs=3, width=8, depth=6, skip_span=s, **options) for s in range(4)]
    assert all(shapes(n) == shapes(networks[0]) for n in networks)
    assert list(shapes(networks[0])) == list(shapes(networks[3]))


@BOTH
def test_the_documented_names(model, inputs):
    network = model(inputs=inputs, outputs=3, width=8, depth=2, skip_span=1, norm="layer", bias=False)
    assert set(shapes(network)) == {
        "stem.weight", "stem_norm.weight", "stem_norm.bias",
        "hidden.layers.0.weight", "hidden.norms.0.weight", "hidden.norms.0.bias",
        "hidden.layers.1.weight", "hidden.norms.1.weight", "hidden.norms.1.bias",
        "head.output.weight",
    }  # fmt: skip


@BOTH
def test_softmax_activations_sum_to_one(model, inputs):
    network = model(inputs=inputs, outputs=3, width=8, depth=2, skip_span=0, hidden_activation="softmax")
    seen = []
    for module in (network.stem_activation, *network.hidden.activations):
        module.register_forward_hook(lambda module, args, y: seen.append(y))
    network(torch.randn(4, *inputs))
    assert len(seen) == 3
    for y in seen:
        assert y.shape[1] == 8
        torch.testing.assert_close(y.sum(1), torch.ones_like(y.sum(1)))


@BOTH
def test_output_activation_is_applied_last(model, inputs):
    x = torch.randn(4, *inputs)
    outputs = {}
    for name in ("linear", "relu", "leaky_relu", "tanh", "sigmoid"):
        network = model(inputs=inputs, outputs=3, output_activation=name)
        network.initialise(0)
        outputs[name] = network(x)
    linear = outputs["linear"]
    assert (linear < 0).any()
    torch.testing.assert_close(outputs["relu"], linear.clamp(min=0))
    torch.testing.assert_close(outputs["leaky_relu"], torch.where(linear < 0, linear / 100, linear))
    torch.testing.assert_close(outputs["tanh"], linear.tanh())
    torch.testing.assert_close(outputs["sigmoid"], 1 / (1 + (-linear).exp()))


@BOTH
def test_without_bias_zero_maps_to_zero(model, inputs):
    zero = torch.zeros(1, *inputs)
    assert torch.equal(model(inputs=inputs, outputs=3, bias=False)(zero), torch.zeros(1, 3))
    half = model(inputs=inputs, outputs=3, bias=False, output_activation="sigmoid")(zero)
    assert torch.equal(half, torch.full((1, 3), 0.5))
    assert (model(inputs=inputs, outputs=3, bias_value=0.1)(zero) != 0).all()


@BOTH
def test_stem_activation(model, inputs):
    x = torch.randn(4, *inputs)
    on, off = (model(inputs=inputs, outputs=3, stem_activation=a, hidden_activation="tanh") for a in (True, False))
    on.initialise(0)
    off.initialise(0)
    features = x.flatten(1) if model is MLP else x
    assert torch.equal(on.stem_activation(on.stem(features)), off.stem(features).tanh())
    assert torch.equal(off.stem_activation(off.stem(features)), off.stem(features))
    assert not torch.equal(on(x), off(x))


@BOTH
@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("norm", NORMS)
def test_members_stack(model, inputs, head, norm):
    options = {"width": 8, "depth": 2, "head": head, "norm": norm, "skip_span": 2}
    members = [model(inputs=inputs, outputs=3, **options).double() for _ in range(3)]
    parameters, buffers = stack_module_state(members)
    x = torch.randn(3, 4, *inputs, dtype=torch.float64)
    together = vmap(lambda p, b, x: functional_call(members[0], (p, b), (x,)))(parameters, buffers, x)
    alone = torch.stack([member(x[i]) for i, member in enumerate(members)])
    torch.testing.assert_close(together, alone, rtol=NETWORK_64, atol=NETWORK_64)


@BOTH
def test_every_parameter_gets_a_gradient(model, inputs):
    for head in HEADS:
        network = model(inputs=inputs, outputs=3, width=8, head=head, norm="layer", hidden_activation="tanh")
        network(torch.randn(4, *inputs)).square().sum().backward()
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


@BOTH
@pytest.mark.parametrize(("options", "message"), [
    ({"width": 0}, "width must be at least 1, not 0."),
    ({"outputs": 0}, "outputs must be at least 1, not 0."),
    ({"depth": -1}, "depth must be at least 0, not -1."),
    ({"bias": False, "bias_value": 0.1},
     "bias_value=0.1 has no bias to set: bias is false. Set bias=true or bias_value=0."),
    ({"depth": 7, "skip_span": 3}, "depth=7 is not a multiple of skip_span=3. "
     "Depths that fit this span: 6, 9; spans that fit this depth: 0, 1."),
    ({"hidden_activation": "rleu"}, "Unknown hidden_activation 'rleu'. Did you mean 'relu'? "
     "Valid: gelu, identity, leaky_relu, relu, relu_half_at_zero, relu_one_at_zero, scaled_softmax, sigmoid, softmax, "
     "softplus, tanh."),
    ({"output_activation": "softmax"}, "Unknown output_activation 'softmax'. "
     "Valid: leaky_relu, linear, relu, sigmoid, sign, sign_straight_through, tanh."),
    ({"head": "fc3"}, "Unknown head 'fc3'. Did you mean 'fc'? Valid: conv, fc, fc2, gap."),
    ({"norm": "rms"}, "Unknown norm 'rms'. Valid: batch, group, layer, none."),
    ({"init": "kaiming"}, "Unknown init 'kaiming'. "
     "Valid: he, lecun, normal_001, normal_1, orthogonal, xavier."),
    ({"branch_activation": "outer"}, "Unknown branch_activation 'outer'. Valid: all, inner, none."),
])  # fmt: skip
def test_nonsense_is_refused(model, inputs, options, message):
    with pytest.raises(ModelError) as error:
        model(**{"inputs": inputs, "outputs": 3, **options})
    assert str(error.value) == message


@pytest.mark.parametrize("model", [ResNet, MLP])
@pytest.mark.parametrize("inputs", [(), (1, 0, 8)])
def test_inputs_without_extent(model, inputs):
    with pytest.raises(ModelError, match="inputs must be the sizes of one example, each at least 1"):
        model(inputs=inputs, outputs=3)


def options_of(model, name):
    """What the configuration says of the model's options, and the constructor's defaults."""
    text = (CONF / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.startswith("# ")
    config = yaml.safe_load(text)
    assert config.pop("_target_") == f"{model.__module__.rpartition('.')[0]}.{model.__name__}"
    assert (config.pop("inputs"), config.pop("outputs")) == ("${data.inputs}", "${data.outputs}")
    parameters = inspect.signature(model).parameters.items()
    return config, {name: p.default for name, p in parameters if name not in ("inputs", "outputs")}


@pytest.mark.parametrize(("model", "name"), [(ResNet, "resnet"), (MLP, "mlp")])
def test_the_config_says_every_option(model, name):
    config, defaults = options_of(model, name)
    assert list(config) == list(defaults)


@pytest.mark.parametrize(("model", "name"), [(ResNet, "simple_resnet"), (MLP, "mlp")])
def test_the_config_says_the_constructor_s_defaults(model, name):
    """`simple_resnet` leaves out the options that came later: with them, its trials would have other ids."""
    config, defaults = options_of(model, name)
    assert config == {option: defaults[option] for option in config}
    assert len(config) > 10


@pytest.mark.parametrize(("model", "name"), [(ResNet, "resnet"), (MLP, "mlp")])
def test_the_config_names_every_choice(model, name):
    from ablate.models import ACTIVATIONS, BRANCH_ACTIVATIONS, INITIALISERS, OUTPUT_ACTIVATIONS

    text = (CONF / f"{name}.yaml").read_text(encoding="utf-8")
    comments = {part.split(":")[0]: part.partition("#")[2] for part in text.replace("\n   ", " ").splitlines()}
    closed = {
        "branch_activation": BRANCH_ACTIVATIONS,
        "hidden_activation": ACTIVATIONS,
        "output_activation": OUTPUT_ACTIVATIONS,
        "head": HEADS,
        "norm": NORMS,
        "init": INITIALISERS,
    }
    for option, choices in closed.items():
        assert set(choices) <= set(comments[option].replace(",", " ").replace(";", " ").split()), option
