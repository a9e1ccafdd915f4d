"""What a shortcut does, what its branch is made of, and how it starts."""

import pytest
import torch
from torch import nn
from torch.nn.functional import linear

from ablate.errors import ModelError
from ablate.models import BRANCH_DENSE, MLP, SHORTCUTS, ResNet
from ablate.models.hidden import Concatenation, HiddenLayers, entering

pytestmark = pytest.mark.numeric

BOTH = pytest.mark.parametrize(("model", "inputs"), [(ResNet, (2, 6, 5)), (MLP, (7,))], ids=["resnet", "mlp"])


def shapes(network) -> dict[str, tuple[int, ...]]:
    return {name: tuple(p.shape) for name, p in network.named_parameters()}


# Units that enter each of six layers of width 5, and the head: written out, not computed.
@pytest.mark.parametrize(
    ("span", "expected"),
    [(1, (5, 10, 15, 20, 25, 30, 35)), (2, (5, 5, 10, 5, 15, 5, 20)), (3, (5, 5, 5, 10, 5, 5, 15))],
)
def test_concatenation_widens_what_follows(span, expected):
    assert entering(width=5, depth=6, skip_span=span, shortcut="concat") == expected
    assert entering(width=5, depth=6, skip_span=span, shortcut="add") == (5,) * 7


@pytest.mark.parametrize("span", [1, 2, 3])
@pytest.mark.parametrize("post", [False, True])
def test_y_is_x_beside_f_of_x(span, post):
    widths = entering(width=5, depth=6, skip_span=span, shortcut="concat")
    hidden = HiddenLayers(
        layers=[nn.Linear(before, 5) for before in widths[:-1]],
        norms=[nn.Identity()] * 6,
        activation=nn.Tanh,
        skip_span=span,
        branch_activation="all",
        post_activation=post,
        shortcut="concat",
    )
    x = expected = torch.randn(4, 5)
    for start in range(0, 6, span):
        y = expected
        for k in range(start, start + span):
            y = linear(y, hidden.layers[k].weight, hidden.layers[k].bias).tanh()
        expected = torch.cat([expected, y], 1)
        expected = expected.tanh() if post else expected
    torch.testing.assert_close(hidden(x), expected)
    assert hidden(x).shape == (4, widths[-1])
    assert all(isinstance(shortcut, Concatenation) for shortcut in hidden.shortcuts)


def test_parameters_of_a_concatenating_network():
    # Stem 9·8 + 8; layers 8·9·8 + 8 and 16·9·8 + 8; a head on 24 maps of 6×5.
    network = ResNet(inputs=(1, 6, 5), outputs=3, width=8, depth=2, skip_span=1, shortcut="concat")
    assert sum(p.numel() for p in network.parameters()) == 80 + 584 + 1160 + (24 * 30 * 3 + 3)


@BOTH
@pytest.mark.parametrize("head", ["fc", "fc2", "gap", "conv"])
def test_every_head_takes_the_widened_features(model, inputs, head):
    network = model(inputs=inputs, outputs=3, width=8, depth=4, skip_span=2, shortcut="concat", head=head, norm="batch")
    assert network(torch.randn(4, *inputs)).shape == (4, 3)


@BOTH
def test_what_is_not_widened_keeps_its_draw(model, inputs):
    add, concat = (
        model(inputs=inputs, outputs=3, width=8, depth=4, skip_span=2, shortcut=s) for s in ("add", "concat")
    )
    assert set(SHORTCUTS) == {"add", "concat", "skip_init"}
    for network in (add, concat):
        network.initialise(3)
    a, b = add.state_dict(), concat.state_dict()
    for name in ("stem.weight", *(f"hidden.layers.{k}.weight" for k in (0, 1, 3))):
        assert torch.equal(a[name], b[name])
    assert a["hidden.layers.2.weight"].shape != b["hidden.layers.2.weight"].shape


@BOTH
@pytest.mark.parametrize("post", [False, True])
def test_a_branch_times_a_scalar_that_starts_at_zero(model, inputs, post):
    options = {"inputs": inputs, "outputs": 3, "width": 8, "depth": 4, "skip_span": 2, "post_activation": post}
    network = model(**options, shortcut="skip_init", norm="batch")
    joined = []
    for shortcut in network.hidden.shortcuts:
        shortcut.register_forward_hook(lambda module, args, y: joined.append((module, *args, y)))
    x = torch.randn(5, *inputs)
    network(x).sum().backward()
    for module, _, skip, y in joined:
        assert torch.equal(y, skip.relu() if post else skip)
        assert module.scale.shape == ()
        assert module.scale.grad.abs() > 0
    with torch.no_grad():
        for shortcut in network.hidden.shortcuts:
            shortcut.scale.fill_(0.5)
    joined.clear()
    network(x)
    for _, branch, skip, y in joined:
        expected = 0.5 * branch + skip
        torch.testing.assert_close(y, expected.relu() if post else expected)
    network.initialise(4)
    assert not any(shortcut.scale.any() for shortcut in network.hidden.shortcuts)


@BOTH
def test_shared_weights_are_one_module(model, inputs):
    options = {"inputs": inputs, "outputs": 3, "width": 8, "depth": 3, "skip_span": 0, "hidden_activation": "tanh"}
    tied, free = model(**options, shared_weights=True).double(), model(**options).double()
    assert len(tied.hidden.layers) == 1
    assert set(shapes(tied)) == {n for n in shapes(free) if "layers.1" not in n and "layers.2" not in n}
    values = tied.state_dict()
    free.load_state_dict(values | {
        f"hidden.layers.{k}.{name}": values[f"hidden.layers.0.{name}"] for k in (1, 2) for name in ("weight", "bias")
    })  # fmt: skip
    x = torch.randn(4, *inputs, dtype=torch.float64)
    for network in (tied, free):
        network(x).square().sum().backward()
    torch.testing.assert_close(tied(x), free(x))
    for name in ("weight", "bias"):
        per_use = sum(getattr(layer, name).grad for layer in free.hidden.layers)
        torch.testing.assert_close(getattr(tied.hidden.layers[0], name).grad, per_use)


@BOTH
@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
@pytest.mark.parametrize("span", [1, 2, 3])
def test_zeroed_branches_start_as_the_identity_and_then_train(model, inputs, norm, span):
    network = model(inputs=inputs, outputs=3, width=8, skip_span=span, norm=norm, branch_activation="inner",
                    bias_value=0.1, zero_init_residual=True)  # fmt: skip
    network.initialise(3)
    x = torch.randn(4, 8, *((6, 5) if model is ResNet else ()))
    assert torch.equal(network.hidden(x), x)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    network(torch.randn(4, *inputs)).square().sum().backward()
    for k, (layer, scale) in enumerate(zip(network.hidden.layers, network.hidden.norms, strict=True)):
        is_last = (k + 1) % span == 0
        zeroed = scale.weight if norm != "none" else layer.weight
        assert bool(zeroed.grad.any()) == is_last
        assert bool(zeroed.any()) == (not is_last)
    optimizer.step()
    assert not torch.equal(network.hidden(x), x)


@BOTH
def test_zeroed_branches_leave_every_other_draw(model, inputs):
    options = {"inputs": inputs, "outputs": 3, "width": 8, "skip_span": 2, "branch_activation": "inner"}
    default, zeroed = model(**options), model(**options, zero_init_residual=True)
    for network in (default, zeroed):
        network.initialise(3)
    zeros = {f"hidden.layers.{k}.weight" for k in (1, 3, 5)}
    for name, value in zeroed.state_dict().items():
        assert torch.equal(value, torch.zeros_like(value) if name in zeros else default.state_dict()[name]), name


@pytest.mark.parametrize(("activation", "trains"), [
    ("relu", False), ("sigmoid", False), ("softmax", False), ("scaled_softmax", False),
    ("tanh", True), ("leaky_relu", True), ("gelu", True), ("identity", True),
])  # fmt: skip
def test_a_branch_whose_last_activation_would_keep_it_at_zero_is_refused(activation, trains):
    options = {"inputs": (4,), "outputs": 2, "skip_span": 2, "hidden_activation": activation}
    if not trains:
        with pytest.raises(ModelError, match=r"does not start at zero, .* Set branch_activation=inner"):
            MLP(**options, zero_init_residual=True)
        return
    network = MLP(**options, zero_init_residual=True)
    network(torch.randn(5, 4)).sum().backward()
    assert network.hidden.layers[1].weight.grad.any()


@pytest.mark.parametrize(("dense", "kinds"), [("none", "cccccc"), ("last", "cdcdcd"), ("all", "dddddd")])
def test_which_layers_of_a_branch_are_dense(dense, kinds):
    network = ResNet(inputs=(1, 4, 3), outputs=2, width=2, depth=6, skip_span=2, branch_dense=dense, norm="batch")
    found = "".join("c" if isinstance(layer, nn.Conv2d) else "d" for layer in network.hidden.layers)
    assert found == kinds
    expected = {"c": (2, 2, 3, 3), "d": (24, 24)}
    assert [tuple(layer.weight.shape) for layer in network.hidden.layers] == [expected[kind] for kind in kinds]
    assert network(torch.randn(5, 1, 4, 3)).shape == (5, 2)
    assert set(BRANCH_DENSE) == {"none", "last", "all"}


@BOTH
@pytest.mark.parametrize(("options", "message"), [
    ({"shortcut": "cat"}, "Unknown shortcut 'cat'. Did you mean 'concat'? Valid: add, concat, skip_init."),
    ({"shortcut": "concat", "skip_span": 0},
     "shortcut=concat has no shortcut to act on: skip_span is 0. Set skip_span or shortcut=add."),
    ({"shortcut": "skip_init", "skip_span": 0},
     "shortcut=skip_init has no shortcut to act on: skip_span is 0. Set skip_span or shortcut=add."),
    ({"shortcut": "concat", "skip_span": 1, "shared_weights": True},
     "shared_weights makes all hidden layers one: they must have one kind and one shape."),
    ({"zero_init_residual": True, "skip_span": 0},
     "zero_init_residual has no branch to start at zero: skip_span is 0."),
    ({"zero_init_residual": True, "skip_span": 1, "shortcut": "skip_init"},
     "zero_init_residual with shortcut=skip_init: a branch of 0 times 0 has no gradient, and never trains. "
     "Set one of the two."),
    ({"zero_init_residual": True, "skip_span": 1, "shared_weights": True},
     "zero_init_residual would zero every layer: shared_weights makes them one."),
])  # fmt: skip
def test_nonsense_is_refused(model, inputs, options, message):
    with pytest.raises(ModelError) as error:
        model(inputs=inputs, outputs=3, **options)
    assert str(error.value) == message


@pytest.mark.parametrize(("options", "message"), [
    ({"branch_dense": "last", "skip_span": 0}, "branch_dense=last has no branch"),
    ({"branch_dense": "last", "shared_weights": True}, "one kind and one shape"),
    ({"branch_dense": "some"}, "Unknown branch_dense 'some'"),
])  # fmt: skip
def test_nonsense_about_dense_branches_is_refused(options, message):
    with pytest.raises(ModelError, match=message):
        ResNet(inputs=(1, 4, 4), outputs=2, **options)
