import math
import random

import numpy as np
import pytest
import torch
from torch import nn

from ablate.execute.diagnose.diagnostics.effective_rank import effective_rank
from ablate.execute.diagnose.measurement import as_csv, measure
from ablate.models.activation import Step
from ablate.models.hidden import Shortcut, SkipInit
from ablate.models.mlp import MLP

pytestmark = pytest.mark.numeric

mse = nn.functional.mse_loss


def dense(*weights, activation=nn.ReLU, output=None):
    """A net of bias-free layers with these matrices."""
    parts: list[nn.Module] = []
    for weight in weights:
        rows = torch.tensor(weight, dtype=torch.float32)
        layer = nn.Linear(rows.shape[1], rows.shape[0], bias=False)
        layer.weight.data.copy_(rows)
        parts += [layer, activation()]
    parts[-1:] = [output] if output else []
    return nn.Sequential(*parts)


def values(network, inputs, targets=None):
    return measure(network, inputs, torch.zeros(len(inputs), 1) if targets is None else targets, mse).values


def test_a_unit_that_is_zero_on_every_example_is_dead():
    positive = torch.tensor([[1.0], [2.0], [3.0]])
    net = dense([[1.0], [-1.0], [-2.0], [3.0]], [[1.0, 1.0, 1.0, 1.0]])
    assert values(net, positive)["dead_units"] == 2 / 4
    assert values(net, torch.tensor([[1.0], [-1.0]]))["dead_units"] == 0


def test_zeros_are_counted_place_by_place_and_softplus_has_none():
    inputs = torch.tensor([[1.0], [2.0], [-3.0]])
    weights = [[1.0], [-1.0], [0.0], [3.0]], [[1.0, 1.0, 1.0, 1.0]]
    assert values(dense(*weights), inputs)["zeros"] == 7 / 12
    assert values(dense(*weights, activation=nn.Softplus), inputs)["zeros"] == 0


def test_dead_units_are_seen_behind_a_shortcut_and_where_the_activation_is_no_module():
    class Net(nn.Module):
        def __init__(self, *, functional):
            super().__init__()
            self.stem, self.branch, self.head = nn.Linear(1, 2), nn.Linear(2, 2), nn.Linear(2, 1)
            self.act, self.add, self.functional = nn.ReLU(), Shortcut(nn.Identity()), functional
            nn.init.constant_(self.branch.bias, -100.0)  # both units of the branch are dead

        def forward(self, x):
            x = self.stem(x)
            return self.head(torch.relu(self.branch(x)) if self.functional else self.add(self.act(self.branch(x)), x))

    inputs = torch.randn(5, 1)
    found = values(Net(functional=False), inputs)
    assert found["dead_units"] == 1
    assert found["branch_to_skip"] == 0
    assert values(Net(functional=True), inputs)["dead_units"] == 2 / 4  # those that enter the head, not the branch


def test_channels_are_the_units_of_a_feature_map():
    net = nn.Sequential(nn.Conv2d(1, 3, 1), nn.ReLU(), nn.Flatten(), nn.Linear(12, 1))
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([1.0, -1.0, -1.0]).view(3, 1, 1, 1))
        net[0].bias.copy_(torch.tensor([0.0, 0.0, 100.0]))
    assert values(net, torch.rand(4, 1, 2, 2))["dead_units"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("activation", "inputs", "share"),
    [
        (nn.Sigmoid, [4.58, 4.61, -4.58, -4.61], 0.5),  # s (1 − s) = .01 at ±4.5849…; at 4.61 it is .0098
        (nn.Tanh, [2.99, 3.0, 0.0, -3.0], 0.5),  # 1 − tanh² = .01 at ±2.9932
        (nn.ReLU, [1.0, -1.0, -2.0, 0.0], 0.75),
        (nn.LeakyReLU, [1.0, -1.0, -2.0, 3.0], 0.0),  # its slope is .01, not below
        (nn.GELU, [0.0, -6.0, 6.0, -8.0], 0.5),
        (Step, [1.0, -1.0, 2.0, 3.0], 1.0),
    ],
)
def test_an_activation_is_saturated_where_its_slope_is_below_a_hundredth(activation, inputs, share):
    net = dense([[1.0]], [[1.0]], activation=activation)
    assert values(net, torch.tensor(inputs)[:, None])["saturated"] == share


def test_an_activation_in_place_is_read_before_it_is_overwritten():
    net = dense([[1.0], [-1.0]], [[1.0, 1.0]], activation=lambda: nn.ReLU(inplace=True))
    found = values(net, torch.tensor([[1.0], [2.0]]))
    assert (found["saturated"], found["dead_units"]) == (0.5, 0.5)


def test_what_follows_the_last_layer_is_no_hidden_activation():
    assert "saturated" not in values(dense([[1.0]], output=nn.Sigmoid()), torch.full((3, 1), 50.0))


def test_spreads_and_gradients_over_depth_are_those_of_a_linear_net():
    """Layers a, b, c: hidden SDs are a·s and ab·s; of the loss (abcx)², the gradient by w is 2 abc x · abc x / w."""
    a, b, c = 2.0, 3.0, 0.5
    x = torch.tensor([[1.0], [-1.0], [2.0]])
    found = measure(dense([[a]], [[b]], [[c]], activation=nn.Identity), x, torch.zeros(3, 1), mse)
    s = np.std([1, -1, 2], ddof=1)
    assert found.values["activation_sd"] == pytest.approx(math.sqrt(a * s * a * b * s))
    assert found.values["activation_slope"] == pytest.approx(math.log(b))
    gradients = [2 * (a * b * c) ** 2 * 2 / w for w in (a, b, c)]  # the mean of x² is 2
    assert found.values["gradient_norm"] == pytest.approx(math.hypot(*gradients))
    assert found.values["gradient_slope"] == pytest.approx((math.log(a) - math.log(c)) / 2)
    rows = {(layer, name): value for layer, name, value in found.layers}
    assert [rows[layer, "gradient_norm"] for layer in "024"] == pytest.approx(gradients)
    assert (rows["2", "activation_sd"], rows["4", "activation_sd"]) == pytest.approx((a * s, a * b * s))


def test_a_gradient_that_is_exactly_zero_has_a_norm_and_no_slope():
    found = values(dense([[1.0]], [[1.0]], activation=Step), torch.tensor([[1.0], [-1.0]]))
    assert found["gradient_norm"] > 0  # of the last layer
    assert "gradient_slope" not in found


@pytest.mark.parametrize(
    ("matrix", "rank"),
    [
        (torch.diag(torch.ones(5)), 5),
        (torch.diag(torch.tensor([3.0, 1.0])), math.exp(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25)))),
        (torch.outer(torch.arange(1.0, 8.0), torch.arange(1.0, 200.0)), 1),
        (torch.cat([torch.eye(3), torch.zeros(4, 3)]), 3),
    ],
)
def test_the_effective_rank_is_that_of_the_singular_values(matrix, rank):
    assert effective_rank(matrix) == pytest.approx(rank, rel=1e-4)
    assert effective_rank(matrix.T * 1e-3) == pytest.approx(rank, rel=1e-4)


def test_the_effective_rank_of_nothing_is_no_number():
    assert math.isnan(effective_rank(torch.zeros(3, 4)))


@pytest.mark.parametrize(
    ("output", "share"), [("relu", 0.5), ("tanh", 0.25), ("sigmoid", 0.75), ("leaky_relu", 0), ("linear", 0)]
)
def test_targets_outside_the_outputs_range_cannot_be_reached(output, share):
    net = MLP(inputs=[2], outputs=1, width=4, depth=1, output_activation=output)
    targets = torch.tensor([[-2.0], [-0.5], [0.5], [1.0]]) if output != "sigmoid" else torch.tensor(
        [[-2.0], [-0.5], [0.5], [1.1]]
    )  # fmt: skip
    assert values(net, torch.randn(4, 2), targets)["unreachable"] == share


def test_classes_and_outputs_that_more_is_done_to_say_nothing_of_reach():
    net = MLP(inputs=[2], outputs=3, width=4, depth=1)
    classes = measure(net, torch.randn(4, 2), torch.tensor([0, 1, 2, 0]), nn.functional.cross_entropy)
    assert "unreachable" not in classes.values

    class Squashed(nn.Linear):
        def forward(self, x):
            return super().forward(x)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = Squashed(2, 1)

        def forward(self, x):
            return torch.sigmoid(self.layer(x))

    assert "unreachable" not in values(Net(), torch.randn(4, 2))


def test_the_ratio_of_branch_to_skip_is_that_of_their_norms():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.add = Shortcut(nn.Identity())

        def forward(self, x):
            return self.add(3 * x, x).sum(1, keepdim=True)

    found = measure(Net(), torch.randn(6, 4), torch.zeros(6, 1), mse)
    assert dict(found.values) == pytest.approx({"branch_to_skip": 3})


def test_a_branch_counts_as_it_is_added_times_its_scalar():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.join = SkipInit(nn.Identity())
            nn.init.constant_(self.join.scale, 0.5)

        def forward(self, x):
            return self.join(3 * x, x).sum(1, keepdim=True)

    found = measure(Net(), torch.randn(6, 4), torch.zeros(6, 1), mse)
    assert found.values["branch_to_skip"] == pytest.approx(1.5)


class Stateful(nn.Module):
    """Batch statistics, dropout, generators of every kind, and a counter."""

    def __init__(self):
        super().__init__()
        self.a, self.norm, self.drop, self.b = nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 1)
        self.calls = 0
        self.fails = False
        self.register_buffer("seen", torch.zeros(1))

    def forward(self, x):
        self.calls += 1
        self.seen = self.seen + 1 + 0 * random.random() + 0 * np.random.rand()
        if self.fails:
            raise RuntimeError("no more")
        return self.b(self.drop(self.norm(self.a(x))))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("fails", [True, False])
def test_a_measurement_leaves_everything_as_it_was(training, fails):
    net = Stateful().train(training)
    net.drop.train(not training)
    net.fails = fails
    net.a.weight.grad = torch.ones_like(net.a.weight)
    state = {name: (tensor, tensor.clone()) for name, tensor in net.state_dict(keep_vars=True).items()}
    modes = [m.training for m in net.modules()]
    generators = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()
    if fails:
        with pytest.raises(RuntimeError, match="no more"):
            values(net, torch.randn(4, 3, generator=torch.Generator().manual_seed(0)))
    else:
        values(net, torch.randn(4, 3, generator=torch.Generator().manual_seed(0)))
    now = net.state_dict(keep_vars=True)
    assert all(now[name] is tensor and torch.equal(tensor, before) for name, (tensor, before) in state.items())
    assert torch.equal(net.a.weight.grad, torch.ones_like(net.a.weight))
    assert net.b.weight.grad is None
    assert (net.calls, [m.training for m in net.modules()]) == (0, modes)
    assert torch.equal(torch.get_rng_state(), generators[0])
    assert random.getstate() == generators[1]
    assert np.array_equal(np.random.get_state()[1], generators[2])
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())


def test_what_is_not_finite_is_left_out():
    net = dense([[1.0], [2.0]], [[1.0, float("nan")]])
    found = measure(net, torch.tensor([[1.0], [2.0]]), torch.zeros(2, 1), mse)
    assert set(found.values) >= {"dead_units", "activation_sd"}
    assert not {"gradient_norm", "gradient_slope"} & set(found.values)
    assert all(math.isfinite(value) for _, _, value in found.layers)


def test_a_module_that_cannot_be_looked_at_is_named_and_costs_its_own_values_only():
    class Odd(nn.Linear):
        def forward(self, x):
            return super().forward(x.to_dense())

    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), Odd(2, 1))
    net.insert(2, Sparse())
    found = measure(net, torch.randn(3, 2), torch.zeros(3, 1), mse)
    assert found.failure is not None
    assert found.failure.startswith("3: ")
    assert "gradient_norm" in found.values


class Sparse(nn.Module):
    def forward(self, x):
        return x.to_sparse()


def test_layers_in_a_table_have_a_row_for_each_moment():
    found = measure(dense([[1.0]], [[1.0]]), torch.tensor([[1.0], [2.0]]), torch.zeros(2, 1), mse)
    head, *rows = as_csv({"start": found, "end": found}).splitlines()
    assert head == "moment,layer,diagnostic,value"
    assert len(rows) == 2 * len(found.layers)
    assert rows[0].startswith("start,2,activation_sd,0.7071")


@pytest.mark.parametrize(("output", "share"), [(nn.ReLU6, 0.5), (nn.ELU, 0.25), (nn.Hardshrink, None)])
def test_no_output_is_taken_to_reach_what_it_is_not_known_to_reach(output, share):
    targets = torch.tensor([[-2.0], [-0.5], [0.5], [1.0]])
    assert values(dense([[1.0]], output=output()), torch.randn(4, 1), targets).get("unreachable") == share
