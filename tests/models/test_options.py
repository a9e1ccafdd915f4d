"""Hard thresholds, random biases and fans without the kernel's area, on the networks that have them."""

import pytest
import torch
from torch import nn

from ablate.errors import ModelError
from ablate.models import HARD_ACTIVATIONS, MLP, ResNet, initialise
from ablate.models.activation import hidden

pytestmark = pytest.mark.numeric

POINTS = torch.tensor([[-2.0, -1e-3, 0.0, 1e-3, 3.0]])


@pytest.mark.parametrize(("name", "expected", "soft"), [
    ("sigmoid", [0.0, 0.0, 0.5, 1.0, 1.0], torch.sigmoid), ("tanh", [-1.0, -1.0, 0.0, 1.0, 1.0], torch.tanh),
])  # fmt: skip
def test_a_hard_threshold_is_the_limit_of_infinite_slope(name, expected, soft):
    x = POINTS.clone().requires_grad_()
    y = HARD_ACTIVATIONS[name]()(x)
    assert y.tolist() == [expected]
    assert torch.equal(y, soft(1e6 * x))
    (gradient,) = torch.autograd.grad(y.sum(), x)
    assert torch.equal(gradient, torch.zeros_like(x))


@pytest.mark.parametrize(("name", "soft"), [("sigmoid", torch.sigmoid), ("tanh", torch.tanh)])
def test_a_step_that_is_straight_through_has_the_gradient_of_the_smooth_activation(name, soft):
    x, smooth = (POINTS.clone().requires_grad_() for _ in range(2))
    y = hidden(name, hard_threshold="straight_through")()(x)
    assert torch.equal(y, HARD_ACTIVATIONS[name]()(x))
    assert torch.equal(*(torch.autograd.grad(z.sum(), at)[0] for z, at in ((y, x), (soft(smooth), smooth))))


def test_a_threshold_that_is_none_of_the_three_is_refused():
    with pytest.raises(ModelError, match=r"Unknown hard_threshold 'straight'\. Did you mean 'straight_through'"):
        MLP(inputs=(3,), outputs=2, hidden_activation="tanh", hard_threshold="straight")


@pytest.mark.parametrize("activation", HARD_ACTIVATIONS)
def test_nothing_below_a_hard_threshold_trains(activation):
    network = MLP(inputs=(3,), outputs=2, depth=2, hidden_activation=activation, hard_threshold=True)
    network(torch.randn(8, 3)).square().sum().backward()
    for name, p in network.named_parameters():
        assert bool(p.grad.any()) == name.startswith("head"), name


@pytest.mark.parametrize("activation", ["relu", "softmax", "identity"])
def test_what_has_no_hard_limit(activation):
    with pytest.raises(ModelError, match=f"limit of sigmoid or tanh as hidden_activation, not of {activation}"):
        MLP(inputs=(3,), outputs=2, hidden_activation=activation, hard_threshold=True)


@pytest.mark.parametrize(("model", "inputs"), [(ResNet, (1, 8, 8)), (MLP, (10,))])
def test_biases_at_random(model, inputs):
    options = {"inputs": inputs, "outputs": 5, "width": 64, "norm": "layer"}
    fixed, drawn, other = model(**options), *(model(**options, bias_sd=0.2, bias_value=1.0) for _ in range(2))
    for network, seed in ((fixed, 3), (drawn, 3), (other, 4)):
        network.initialise(seed)
    biases = [n for n, _ in drawn.named_parameters() if n.endswith("bias") and "norm" not in n]
    values = torch.cat([drawn.get_parameter(n) for n in biases]).detach()
    assert len(values.unique()) == len(values) > 400
    assert abs(values.mean() - 1) < 4 * 0.2 / len(values) ** 0.5
    assert abs(values.std() / 0.2 - 1) < 4 / (2 * len(values)) ** 0.5
    for name, p in drawn.named_parameters():
        assert torch.equal(p, other.get_parameter(name)) == ("norm" in name), name
        assert torch.equal(p, fixed.get_parameter(name)) == (name not in biases), name


@pytest.mark.parametrize("options", [{"bias_sd": -0.1}, {"bias": False, "bias_sd": 0.1}])
def test_biases_that_cannot_be(options):
    with pytest.raises(ModelError, match="bias_sd"):
        MLP(inputs=(3,), outputs=2, **options)


def test_a_gain_of_the_initial_weights_is_of_stem_and_hidden_layers():
    plain, gained = (MLP(inputs=(3,), outputs=2, width=5, depth=2, init_gain=gain) for gain in (1.0, 4.0))
    for network in (plain, gained):
        network.initialise(3)
    for name, p in gained.named_parameters():
        factor = 4 if name.endswith("weight") and not name.startswith("head") else 1
        assert torch.equal(p, factor * plain.get_parameter(name)), name


@pytest.mark.parametrize("gain", [0.0, -1.0, float("inf"), float("nan")])
def test_a_gain_that_cannot_be(gain):
    with pytest.raises(ModelError, match=r"init_gain=.* must be a factor above 0"):
        MLP(inputs=(3,), outputs=2, init_gain=gain)


# By hand: fan-in 20, fan-out 40 without the area of 3 × 5.
@pytest.mark.parametrize(("scheme", "sd"), [("he", 0.316228), ("xavier", 0.182574), ("lecun", 0.223607)])
def test_fans_without_the_kernel_s_area(scheme, sd):
    conv = nn.Conv2d(20, 40, (3, 5))
    initialise(conv, scheme="normal_1", seed=0)
    draw = conv.weight.detach().clone()
    initialise(conv, scheme=scheme, seed=0, fan_area=False)
    torch.testing.assert_close(conv.weight, draw * sd, rtol=1e-5, atol=0)


def test_without_the_area_only_kernels_are_larger():
    with_area, without = (ResNet(inputs=(1, 8, 8), outputs=3, fan_area=a, head="gap") for a in (True, False))
    for network in (with_area, without):
        network.initialise(0)
    for name, p in with_area.named_parameters():
        torch.testing.assert_close(without.get_parameter(name), 3 * p if p.ndim == 4 else p)


@pytest.mark.parametrize("scheme", ["orthogonal", "normal_1", "normal_001"])
def test_schemes_without_fans_have_no_area_to_leave_out(scheme):
    with pytest.raises(ModelError, match=f"fan_area=false changes nothing for init={scheme}. Valid with it: he, lecun"):
        ResNet(inputs=(1, 8, 8), outputs=3, init=scheme, fan_area=False)


@pytest.mark.parametrize("scheme", ["he", "xavier", "orthogonal"])
def test_each_group_is_a_matrix_of_its_own(scheme):
    grouped, single = nn.Conv1d(12, 30, 1, groups=3).double(), nn.Conv1d(4, 10, 1).double()
    initialise(grouped, scheme=scheme, seed=0)
    weight = grouped.weight.detach().squeeze(2)
    if scheme == "orthogonal":
        for part in weight.chunk(3):
            torch.testing.assert_close(part.T @ part, torch.eye(4, dtype=torch.float64))
    else:
        grouped_draw = nn.Conv1d(12, 30, 1, groups=3).double()
        initialise(grouped_draw, scheme="normal_1", seed=0)
        initialise(single, scheme="normal_1", seed=0)
        draw = single.weight.detach().clone()
        initialise(single, scheme=scheme, seed=0)
        scale = (single.weight / draw).mean()
        torch.testing.assert_close(grouped.weight, grouped_draw.weight * scale)


def test_the_meta_device_has_nothing_to_draw():
    with torch.device("meta"):
        network = MLP(inputs=(50_000,), outputs=10, width=50_000, bias_sd=0.1)
    network.initialise(0)
    assert all(p.is_meta for p in network.parameters())
    assert sum(p.numel() for p in network.parameters()) == 7 * (50_000**2 + 50_000) + 500_010
