import copy
import dataclasses

import pytest
import torch

from ablate.execute.stack import data
from ablate.execute.stack.member import Member
from ablate.execute.stack.optimizer import in_groups
from ablate.execute.stack.stacked_module import StackedModule
from ablate.execute.stack.unstackable import Unstackable
from ablate.execute.train.dataset import shared_splits
from tests.tolerances import trained_64

pytestmark = pytest.mark.numeric

STEPS = 50


def members_of(trials):
    made = [Member.of(trial.config, trial.streams) for trial in trials]
    return [made[index] for index in in_groups([member.scalars for member in made])]


def minibatches(members):
    """Each member's own first minibatches, over epochs: shape (members, steps, batch)."""
    streams = []
    for member in members:
        batches = []
        while len(batches) < STEPS:
            batches += [minibatch for chunk in member.chunks for minibatch in chunk]
        streams.append(torch.stack(batches[:STEPS]))
    return torch.stack(streams)


def both(trials):
    """Losses (members, steps) and final states, stacked and alone."""
    members = members_of(trials)
    batches = minibatches(members)
    alone = []
    for member, steps in zip(members, batches, strict=True):
        single = copy.deepcopy(member.module).double()
        optimizer = single.configure_optimizers()
        torch.manual_seed(member.dropout)
        losses = torch.stack([single.take_steps(optimizer, step.unsqueeze(0)) for step in steps])
        alone.append((losses, single.network.state_dict()))
    stack = StackedModule(members).double()
    optimizer = stack.configure_optimizers()
    means = [stack.take_steps(optimizer, step.unsqueeze(0)) for step in batches.transpose(0, 1)]
    assert stack.steps == STEPS
    stacked = [(losses, stack.member(i).state_dict()) for i, losses in enumerate(torch.stack(means, dim=1))]
    return stacked, alone


def assert_equal(stacked, alone):
    rounding = trained_64(STEPS)
    for (losses, state), (theirs, wanted) in zip(stacked, alone, strict=True):
        assert losses.tolist() == pytest.approx(theirs.tolist(), rel=rounding, nan_ok=True)
        assert state.keys() == wanted.keys()
        for name, value in wanted.items():
            assert torch.allclose(state[name], value, rtol=rounding, atol=rounding, equal_nan=True), name


SEEDS = "model.bias_value=0.0,0.1"
"""Another start at each of two design points, and two replicates of each."""


@pytest.mark.parametrize(
    "words",
    [
        (SEEDS, "model.hidden_activation=relu"),
        (SEEDS, "model.hidden_activation=tanh", "trainer.gradient_clip_norm=0.3"),
        (SEEDS, "model.hidden_activation=gelu", "model.norm=layer", "model.shared_weights=true"),
        (SEEDS, "model.hidden_activation=softmax", "model.shortcut=concat", "model.norm=group"),
        (SEEDS, "model.hidden_activation=scaled_softmax"),
        (SEEDS, "model.skip_span=2", "model.shortcut=skip_init", "optimizer=sgd"),
        (SEEDS, "model.norm=batch", "optimizer=sgd"),
        ("model.init=he,xavier,orthogonal", "optimizer=adamw", "model.bias_sd=0.1"),
        ("model.init_gain=1.0,4.0", "optimizer=adamw"),
        ("optimizer=sgd", "optimizer.lr=0.01,0.1", "optimizer.nesterov=true"),
        ("optimizer=adam", "optimizer.lr=0.001,0.1"),
        ("optimizer=sgd", "optimizer.momentum=0.0,0.5", "study.design=one_at_a_time", "optimizer.weight_decay=0,.01"),
        ("objective.loss.label_smoothing=0.0,0.2", "optimizer.weight_decay=0.0,0.1"),
        ("trainer.gradient_clip_norm=null,0.1",),
        ("model=simple_resnet", "model.norm=batch", "optimizer=sgd", "model.width=4", "model.init=he,xavier"),
        (
            "model=resnet",
            "model.stages=2",
            "optimizer=sgd",
            "model.width=4",
            "model.init=he,xavier",
            "scheduler=one_cycle",
        ),
        ("model.zero_init_residual=false,true", "model.branch_activation=inner"),
    ],
    ids=" ".join,
)
def test_fifty_steps_equal_those_of_each_member_alone(trials, words):
    assert_equal(*both(trials(*words)))


@pytest.mark.parametrize("name", ["Adagrad", "Adam", "AdamW", "NAdam", "RAdam", "RMSprop", "SGD"])
def test_every_optimizer_equals_each_members_own(trials, name):
    made = trials("optimizer=sgd", "optimizer.lr=0.001,0.1", "optimizer.weight_decay=0.0,0.1", "replicates=1")
    assert_equal(*both([dataclasses.replace(trial, config=with_optimizer(trial.config, name)) for trial in made]))


def with_optimizer(config, name):
    settings = {key: config.optimizer[key] for key in ("lr", "weight_decay")}
    return config.with_groups(optimizer={"_target_": f"torch.optim.{name}", **settings})


@pytest.mark.parametrize(
    ("words", "fused"), [(["optimizer=adam"], True), (["optimizer=sgd", "+optimizer.foreach=true"], False)]
)
def test_a_stacks_optimizer_is_fused_where_each_members_own_is(trials, words, fused):
    members = members_of(trials(*words, SEEDS))
    groups = StackedModule(members).configure_optimizers().param_groups
    own = [member.module.configure_optimizers().param_groups[0] for member in members]
    assert [bool(group["fused"]) for group in (*groups, *own)] == [fused] * (len(groups) + len(own))


def test_a_member_that_diverges_touches_no_other(trials):
    stacked, alone = both(trials("optimizer=sgd", "optimizer.lr=0.05,1e200"))
    assert_equal(stacked, alone)
    finite = [bool(losses.isfinite().all()) for losses, _ in stacked]
    assert sorted(finite) == [False, False, True, True]


def test_a_member_that_has_ended_keeps_its_network(trials):
    members = members_of(trials("optimizer=sgd", "optimizer.lr=0.05,0.1"))
    stack = StackedModule(members)
    optimizer = stack.configure_optimizers()
    chunk = torch.stack([next(iter(member.chunks)) for member in members], dim=1)
    stack.take_steps(optimizer, chunk[:1])
    stack.end(1)
    before = [copy.deepcopy(stack.member(i).state_dict()) for i in range(2)]
    stack.take_steps(optimizer, chunk[1:])
    changed = [
        any(not torch.equal(v, before[i][name]) for name, v in stack.member(i).state_dict().items()) for i in range(2)
    ]
    assert changed == [True, False]
    assert stack.active == [0, 2, 3]


def test_parameters_without_a_gradient_stay(plain, resolve, trials):
    """Weight decay would shrink them, and does not where torch's optimizer sees no gradient."""
    plain(
        """
        from torch import nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.used, self.idle, self.frozen = nn.Linear(64, 10), nn.Linear(3, 3), nn.Linear(10, 10)
                self.frozen.requires_grad_(False)

            def forward(self, x):
                return self.frozen(self.used(x.flatten(1)))
        """
    )
    made = trials("model=net", "optimizer=adamw", "optimizer.weight_decay=0.1,0.2", "~model.width", "~model.depth",
                  "~model.skip_span")  # fmt: skip
    stacked, alone = both(made)
    assert_equal(stacked, alone)


def test_members_with_equal_splits_share_them(trials):
    members = members_of(trials(SEEDS, "replicates=3"))
    assert len(members) == 6
    stack = StackedModule(members)
    assert len(stack.data.train_inputs) == 3 * len(members[0].module.train_inputs)
    assert {name for name in stack.state_dict() if "inputs" in name} == set()
    storages = {member.module.train_inputs.untyped_storage().data_ptr() for member in members}
    assert storages == {stack.data.train_inputs.untyped_storage().data_ptr()}
    for index, member in enumerate(members):
        own, _ = stack.data.at("val", torch.arange(7))
        assert torch.equal(own[index], member.module.val_inputs[:7])


def test_members_that_take_different_numbers_of_steps_are_refused(trials):
    one, two = (
        trials("model.bias_value=0.0,0.1", "replicates=1"),
        trials("model.bias_value=0.0,0.1", "replicates=1", "data.batch_size=10"),
    )
    with pytest.raises(Unstackable, match="different numbers of steps"):
        StackedModule(members_of((one[0], two[0])))


def test_networks_of_other_layers_or_shapes_are_refused(trials):
    narrow, wide, tanh = (
        trials(SEEDS, w)[0] for w in ("model.width=8", "model.width=16", "model.hidden_activation=tanh")
    )
    with pytest.raises(Unstackable, match="networks differ"):
        StackedModule(members_of((narrow, wide)))
    with pytest.raises(Unstackable, match="differ in their layers"):
        StackedModule(members_of((wide, tanh)))


def test_a_stack_takes_its_data_from_the_copies_that_are_on_the_device(trials, monkeypatch):
    """`meta` stands for it. Two replicates have two splits, whatever else their members differ in."""
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    shared, made = shared_splits(), trials("optimizer.lr=0.001,0.01")
    asked = []
    monkeypatch.setattr(data, "resident_copy", lambda source, like: asked.append(source) or source.to(like))
    for _ in range(2):  # stacks
        members = [Member.of(trial.config, trial.streams, make_splits=shared) for trial in made]
        StackedModule(members).to("meta")
    inputs = [source for source in asked if source.ndim > 1]
    assert len({id(source) for source in inputs}) == 2 * 3  # replicates, train, val and test: the same both times
    assert len(inputs) == 2 * 2 * 3
