"""Steps on `meta` tensors, which have no numbers: reading one, as `.item()` does, and mixing devices both raise there.

On a GPU the first would wait for all that is queued, and the second would fail.
"""

from typing import cast

import pytest
import torch

from ablate.execute.stack.member import Member
from ablate.execute.stack.stacked_module import StackedModule
from ablate.execute.train.fit import prepare
from ablate.execute.train.trial_module import TrialModule

STEPS = 3

WORDS = {
    "dense": ("model=mlp",),
    "dense, clipped": ("model=mlp", "trainer.gradient_clip_norm=0.1"),
    "dense, layer norm, GAP": ("model=mlp", "model.norm=layer", "model.head=gap"),
    "dense, batch norm": ("model=mlp", "model.norm=batch"),
    "convolutional, batch norm": ("model=simple_resnet", "model.width=4", "model.depth=2", "model.norm=batch"),
    "scheduled": ("model=mlp", "scheduler=one_cycle"),
    "SGD": ("model=mlp", "optimizer=sgd"),
    "smoothed": ("model=mlp", "objective.loss.label_smoothing=0.0,0.1"),
    "weighted": ("model=mlp", "+objective.loss.weight={_target_: torch.ones, size: [10]}"),
    "regression": (
        *("model=mlp", "data=synthetic", "data.val_size=40", "data.test_size=60"),
        *("objective=regression", "study.response=test/mse"),
    ),
}


@pytest.fixture(params=WORDS)
def made(request, trials):
    """Two trials or more of one kind, in single precision, as on a GPU."""
    return trials(*WORDS[request.param], "optimizer.lr=0.001,0.01", "trainer.precision=32-true")


def lone_steps(trial):
    """The mean loss of a few steps, and the module."""
    fit = prepare(trial.config, trial.streams)
    module = cast(TrialModule, fit.module).to("meta")
    if module.augmentation is not None:
        module.augmentation._generators = [None, None, None]  # torch's own: there are none for `meta`
    chunk = next(iter(fit.data["train_dataloaders"]))[:STEPS].to("meta")
    return module.take_steps(module.configure_optimizers(), chunk)


def stacked_steps(trials, *, conv_as_matmul=False):
    """The mean losses of a few steps of all members."""
    members = [Member.of(trial.config, trial.streams) for trial in trials]
    stack = StackedModule(members, conv_as_matmul=conv_as_matmul).to("meta")
    stack.stack._masks._generators = [None for _ in members]
    chunk = torch.stack([next(iter(m.chunks))[:STEPS] for m in members], dim=1).to("meta")
    return stack.take_steps(stack.configure_optimizers(), chunk)


def test_a_lone_network_reads_no_number_and_mixes_no_devices(made):
    mean = lone_steps(made[0])
    assert (mean.device.type, mean.shape) == ("meta", ())


@pytest.mark.parametrize("conv_as_matmul", [False, True])
def test_a_stack_reads_no_number_and_mixes_no_devices(made, conv_as_matmul):
    means = stacked_steps(made, conv_as_matmul=conv_as_matmul)
    assert (means.device.type, means.shape) == ("meta", (len(made),))


def test_augmentation_reads_no_number(trials):
    words = (
        "model=simple_resnet",
        "model.width=4",
        "model.depth=2",
        "data.augmentation.flip=true",
        "data.augmentation.crop=1",
        "data.augmentation.cutout=2",
        "data.augmentation.mixup=0.2",
    )
    assert lone_steps(trials(*words, "optimizer.lr=0.001,0.01")[0]).is_meta


NET = """
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self, dropout=0.3, fault=None):
            super().__init__()
            self.dropout, self.output, self.fault = nn.Dropout(dropout), nn.Linear(64, 10), fault

        def forward(self, x):
            y = self.output(self.dropout(x.flatten(1)))
            if self.fault == "item" and x.is_meta:
                return y * y.detach().abs().max().item()
            return y + torch.ones(10) if self.fault == "device" else y
"""
SWITCHED = ("model=net", "~model.width", "~model.depth", "~model.skip_span")


def test_dropout_draws_on_the_device(plain, trials):
    plain(NET, dropout=0.3)
    made = trials(*SWITCHED, "model.dropout=0.1,0.3")
    assert lone_steps(made[0]).is_meta
    assert stacked_steps(made).is_meta


@pytest.mark.parametrize(("fault", "says"), [("item", "meta"), ("device", "device")])
def test_what_reads_a_number_or_mixes_devices_is_found(plain, trials, fault, says):
    plain(NET, dropout=0.3, fault=fault)
    made = trials(*SWITCHED, "optimizer.lr=0.001,0.01")
    with pytest.raises(RuntimeError, match=says):
        lone_steps(made[0])
    with pytest.raises(RuntimeError):
        stacked_steps(made)
