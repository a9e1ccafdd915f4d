"""The residual arithmetic, against a forward pass written out by hand."""

import itertools

import pytest
import torch
from torch import nn
from torch.nn.functional import linear

from ablate.errors import ModelError
from ablate.models import BRANCH_ACTIVATIONS, MLP
from ablate.models.hidden import HiddenLayers

pytestmark = pytest.mark.numeric

# Does the activation follow each of the twelve layers, and each addition? Written out, not computed.
ACTIVE = {
    ("all", 1): "111111111111",
    ("all", 2): "111111111111",
    ("all", 3): "111111111111",
    ("all", 4): "111111111111",
    ("inner", 1): "000000000000",
    ("inner", 2): "101010101010",
    ("inner", 3): "110110110110",
    ("inner", 4): "111011101110",
    ("none", 1): "000000000000",
    ("none", 2): "000000000000",
    ("none", 3): "000000000000",
    ("none", 4): "000000000000",
}


def build(span, branch="all", post=False, depth=6, activation=nn.Tanh):
    return HiddenLayers(
        layers=[nn.Linear(5, 5) for _ in range(depth)],
        norms=[nn.Identity() for _ in range(depth)],
        activation=activation,
        skip_span=span,
        branch_activation=branch,
        post_activation=post,
    )


def is_affine(f, size) -> bool:
    """f is affine if and only if f(a) + f(b) = f(a + b) + f(0), for all a and b."""
    a, b = torch.randn(2, 8, size, dtype=torch.float64)
    return torch.allclose(f(a) + f(b), f(a + b) + f(torch.zeros_like(a)), atol=1e-10)


@pytest.mark.parametrize(("branch", "span"), ACTIVE)
@pytest.mark.parametrize("post", [False, True])
def test_y_is_f_of_x_plus_x(branch, span, post):
    hidden = build(span, branch, post, depth=12)
    x = expected = torch.randn(4, 5)
    for start in range(0, 12, span):
        y = expected
        for k in range(start, start + span):
            y = linear(y, hidden.layers[k].weight, hidden.layers[k].bias)
            y = y.tanh() if ACTIVE[branch, span][k] == "1" else y
        expected = y + expected
        expected = expected.tanh() if post else expected
    torch.testing.assert_close(hidden(x), expected)


@pytest.mark.parametrize("branch", ["all", "inner", "none"])
@pytest.mark.parametrize("post", [False, True])
def test_without_shortcuts_each_layer_is_activated_once(branch, post):
    hidden = build(0, branch, post)
    x = expected = torch.randn(4, 5)
    for layer in hidden.layers:
        expected = linear(expected, layer.weight, layer.bias)
        expected = expected if branch == "none" and not post else expected.tanh()
    torch.testing.assert_close(hidden(x), expected)


@pytest.mark.parametrize("span", [0, 1, 2, 3])
def test_the_norm_stands_before_the_activation(span):
    hidden = HiddenLayers(
        layers=[nn.Linear(5, 5) for _ in range(6)],
        norms=[nn.LayerNorm(5) for _ in range(6)],
        activation=nn.ReLU,
        skip_span=span,
        branch_activation="all",
        post_activation=False,
    )
    seen = []
    for layer, norm, activation in zip(hidden.layers, hidden.norms, hidden.activations, strict=True):
        for module in (layer, norm, activation):
            module.register_forward_hook(lambda module, args, y: seen.append((module, args[0], y)))
    hidden(torch.randn(4, 5))
    kinds = [type(module) for module, _, _ in seen]
    assert kinds == [nn.Linear, nn.LayerNorm, nn.ReLU] * 6
    for (_, _, before), (module, after, _) in itertools.pairwise(seen):
        assert isinstance(module, nn.Linear) or before is after


@pytest.mark.parametrize("span", [1, 2, 3])
def test_a_hook_sees_branch_and_skip(span):
    hidden = build(span)
    parts = []
    for shortcut in hidden.shortcuts:
        shortcut.register_forward_hook(lambda module, args, y: parts.append((*args, y)))
    x = torch.randn(4, 5)
    hidden(x)
    assert len(parts) == 6 // span
    assert parts[0][1] is x
    for branch, skip, y in parts:
        torch.testing.assert_close(y, branch + skip)


def test_a_branch_of_zero_is_the_identity():
    hidden = build(2)
    for parameter in hidden.parameters():
        parameter.data.zero_()
    x = torch.randn(4, 5)
    assert torch.equal(hidden(x), x)


@pytest.mark.parametrize(("span", "branch", "post", "affine"), [
    (1, "all", False, False), (1, "none", False, True), (1, "inner", False, True), (1, "none", True, False),
    (2, "all", False, False), (2, "none", False, True), (2, "inner", False, False),
    (0, "all", False, False), (0, "inner", False, False), (0, "none", True, False), (0, "none", False, True),
])  # fmt: skip
def test_which_spans_are_affine(span, branch, post, affine):
    assert is_affine(build(span, branch, post).double(), 5) is affine


@pytest.mark.parametrize("span", [0, 1, 2])
def test_a_network_without_non_linearity_is_affine_and_only_then(span):
    options = {
        "inputs": (3,),
        "outputs": 2,
        "width": 4,
        "depth": 2,
        "skip_span": span,
        "stem_activation": False,
    }
    linear_network = MLP(**options, branch_activation="none").double()
    assert is_affine(linear_network, 3)
    assert is_affine(MLP(**options, hidden_activation="identity", post_activation=True).double(), 3)
    assert not is_affine(MLP(**options).double(), 3)
    assert not is_affine(MLP(**(options | {"stem_activation": True}), branch_activation="none").double(), 3)


def test_no_hidden_layers():
    x = torch.randn(4, 5)
    for span in range(5):
        assert torch.equal(build(span, depth=0)(x), x)


def test_depth_that_no_span_tiles():
    with pytest.raises(ModelError) as error:
        build(2, depth=9)
    assert str(error.value) == (
        "depth=9 is not a multiple of skip_span=2. "
        "Depths that fit this span: 8, 10; spans that fit this depth: 0, 1, 3."
    )


@pytest.mark.parametrize("span", [-1, 5])
def test_span_out_of_range(span):
    with pytest.raises(ModelError, match=r"skip_span must be 0 \(no shortcuts\) to 4"):
        build(span, depth=20)


def test_unknown_branch_activation():
    with pytest.raises(ModelError, match=r"Unknown branch_activation 'iner'. Did you mean 'inner'"):
        build(2, branch="iner")
    assert set(BRANCH_ACTIVATIONS) == {"all", "inner", "none"}
