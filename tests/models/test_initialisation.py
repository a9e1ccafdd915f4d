import math

import numpy as np
import pytest
import scipy.stats
import torch
from torch import nn

from ablate.errors import ModelError
from ablate.models import INITIALISERS, MLP, ResNet, initialise

pytestmark = pytest.mark.numeric

# Standard deviations by hand. Dense: 200 × 100 (fan-in 100, fan-out 200). Convolution:
# 40 × 20 of 3 × 5 (300, 600).
DENSE = {"he": 0.141421, "xavier": 0.0816497, "lecun": 0.1, "normal_1": 1.0, "normal_001": 0.01}
CONV = {"he": 0.0816497, "xavier": 0.0471405, "lecun": 0.0577350, "normal_1": 1.0, "normal_001": 0.01}
LAYERS = {"dense": (lambda: nn.Linear(100, 200), DENSE), "conv": (lambda: nn.Conv2d(20, 40, (3, 5)), CONV)}


def weights(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in module.named_parameters()}


def initialised(module: nn.Module, scheme: str = "he", seed: int = 0, bias_value: float = 0.0) -> nn.Module:
    initialise(module, scheme=scheme, seed=seed, bias_value=bias_value)
    return module


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("scheme", DENSE)
def test_weights_are_normal_with_the_scheme_s_sd(kind, scheme):
    build, expected = LAYERS[kind]
    w = initialised(build(), scheme).weight.detach().double().flatten()
    n = w.numel()
    assert abs(w.mean()) < 4 * expected[scheme] / math.sqrt(n)
    assert abs(w.std() / expected[scheme] - 1) < 4 / math.sqrt(2 * n)
    assert scipy.stats.kstest((w / expected[scheme]).numpy(), "norm").pvalue > 1e-3


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("scheme", ["he", "xavier", "lecun", "normal_001"])
def test_schemes_scale_the_same_draw(kind, scheme):
    build, expected = LAYERS[kind]
    draw = initialised(build(), "normal_1").weight
    torch.testing.assert_close(initialised(build(), scheme).weight, draw * expected[scheme], rtol=1e-5, atol=0)


@pytest.mark.parametrize("layer", [nn.Linear(30, 50), nn.Linear(50, 30), nn.Linear(6, 6), nn.Conv2d(4, 8, 3)])
def test_orthogonal(layer):
    w = initialised(layer.double(), "orthogonal").weight.detach().flatten(1)
    gram = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    torch.testing.assert_close(gram, torch.eye(len(gram), dtype=torch.float64))


@pytest.mark.parametrize("layer", [nn.Linear(30, 50), nn.Linear(50, 30), nn.Conv2d(4, 8, 3)])
def test_orthogonal_is_gram_schmidt_on_the_same_draw(layer):
    draw = initialised(layer.double(), "normal_1").weight.detach().flatten(1).numpy().copy()
    w = initialised(layer, "orthogonal").weight.detach().flatten(1).numpy()
    rows, orthonormal = (draw, w) if draw.shape[0] < draw.shape[1] else (draw.T, w.T)
    basis: list[np.ndarray] = []
    for row in rows:
        rest = row - sum((row @ b) * b for b in basis) if basis else row
        basis.append(rest / np.linalg.norm(rest))
    np.testing.assert_allclose(orthonormal, np.stack(basis), atol=1e-10)


def test_a_draw_depends_on_the_seed_and_nothing_else():
    a, b, c = (weights(initialised(MLP(inputs=(9,), outputs=3), seed=s)) for s in (1, 1, 2))
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert all(not torch.equal(a[name], c[name]) for name in a if name.endswith("weight"))


def test_the_draw_is_the_same_in_other_processes_and_versions_of_the_code():
    # Frozen values: results on disk are comparable only as long as these do not move.
    w = initialised(nn.Linear(2, 2), "normal_1", seed=7).weight.flatten().tolist()
    assert w == pytest.approx([-0.13316819, -1.45348334, -1.61219919, 0.73133415])


def test_global_randomness_is_neither_read_nor_moved():
    torch.manual_seed(1)
    expected = torch.rand(3)
    layer = nn.Linear(5, 5)
    torch.manual_seed(1)
    first = initialised(layer).weight.clone()
    assert torch.equal(torch.rand(3), expected)
    torch.manual_seed(2)
    assert torch.equal(initialised(layer).weight, first)


def test_dtype_does_not_change_the_draw():
    single, double = initialised(nn.Linear(20, 20)), initialised(nn.Linear(20, 20).double())
    assert torch.equal(single.weight, double.weight.float())


def test_draws_of_other_names_are_independent():
    module = initialised(nn.ModuleList(nn.Linear(60, 60) for _ in range(6)), "normal_1")
    draws = torch.stack([layer.weight.detach().flatten() for layer in module])
    correlation = torch.corrcoef(draws) - torch.eye(6)
    assert correlation.abs().max() < 4 / 60


def test_draws_of_other_shapes_are_independent():
    a, b = (initialised(nn.Linear(60, units), "normal_1").weight.detach() for units in (60, 61))
    assert abs(torch.corrcoef(torch.stack([a.flatten(), b[:60].flatten()]))[0, 1]) < 4 / 60


def test_draws_of_neighbouring_seeds_are_independent():
    draws = torch.stack([initialised(nn.Linear(60, 60), "normal_1", s).weight.detach().flatten() for s in range(6)])
    assert (torch.corrcoef(draws) - torch.eye(6)).abs().max() < 4 / 60


@pytest.mark.parametrize("build", [nn.BatchNorm1d, nn.BatchNorm2d, lambda n: nn.GroupNorm(2, n), nn.LayerNorm])
def test_norms_start_neutral(build):
    norm = build(4)
    for tensor in norm.state_dict().values():
        tensor.fill_(3)
    initialised(norm, bias_value=0.1)
    assert norm.weight.tolist() == [1] * 4
    assert norm.bias.tolist() == [0] * 4
    if isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d):
        assert (norm.running_mean.tolist(), norm.running_var.tolist()) == ([0] * 4, [1] * 4)


def test_biases_take_their_value():
    network = MLP(inputs=(3,), outputs=2, norm="layer", bias_value=0.1)
    for name, p in network.named_parameters():
        if name.endswith("bias"):
            value = 0.0 if "norm" in name else 0.1
            assert torch.equal(p, torch.full_like(p, value)), name


def test_a_layer_without_a_rule_is_refused():
    with pytest.raises(ModelError, match="No rule to initialise 1, a PReLU"):
        initialised(nn.Sequential(nn.Linear(2, 2), nn.PReLU()))


def test_a_name_shared_by_two_modules_is_drawn_once():
    layer = nn.Linear(4, 4)
    assert torch.equal(
        initialised(nn.ModuleList([layer, layer]))[1].weight, initialised(nn.ModuleList([layer]))[0].weight
    )


def test_unknown_scheme():
    with pytest.raises(ModelError, match=r"Unknown init 'xavir'. Did you mean 'xavier'"):
        initialised(nn.Linear(2, 2), "xavir")
    assert set(INITIALISERS) == {"he", "xavier", "lecun", "orthogonal", "normal_1", "normal_001"}


ARMS = [
    {"skip_span": 0},
    {"skip_span": 1, "branch_activation": "none"},
    {"skip_span": 3, "post_activation": True},
    {"hidden_activation": "softmax", "output_activation": "relu"},
    {"stem_activation": False},
    {"bias": False},
    {"bias_value": 0.1},
    {"norm": "batch"},
    {"norm": "group"},
    {"head": "fc2"},
    {"head": "gap"},
    {"head": "conv"},
    {"depth": 12},
]


@pytest.mark.parametrize(("model", "inputs"), [(ResNet, (1, 8, 8)), (MLP, (10,))])
@pytest.mark.parametrize("arm", ARMS, ids=str)
def test_arms_share_draws_by_name(model, inputs, arm):
    reference, other = (model(inputs=inputs, outputs=5, **options) for options in ({}, arm))
    reference.initialise(3)
    other.initialise(3)
    a, b = weights(reference), weights(other)
    hidden = {"stem.weight", *(f"hidden.layers.{k}.weight" for k in range(6))}
    shared = {name for name in a.keys() & b.keys() if name.endswith("weight") and a[name].shape == b[name].shape}
    assert hidden <= shared
    assert all(torch.equal(a[name], b[name]) for name in shared)


@pytest.mark.parametrize(("model", "inputs"), [(ResNet, (1, 8, 8)), (MLP, (10,))])
def test_fc_written_as_a_convolution_starts_as_the_same_function(model, inputs):
    fc, conv = (model(inputs=inputs, outputs=5, head=head) for head in ("fc", "conv"))
    fc.initialise(3)
    conv.initialise(3)
    x = torch.randn(4, *inputs)
    torch.testing.assert_close(fc(x), conv(x))


@pytest.mark.parametrize(("model", "inputs"), [(ResNet, (1, 8, 8)), (MLP, (10,))])
def test_torch_s_seed_decides_until_initialise_is_called(model, inputs):
    def build(seed):
        torch.manual_seed(seed)
        return weights(model(inputs=inputs, outputs=5))

    a, b, c = build(1), build(1), build(2)
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert not torch.equal(a["stem.weight"], c["stem.weight"])
