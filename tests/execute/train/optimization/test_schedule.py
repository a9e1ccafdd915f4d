import math

import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR

from ablate.config.trial import TrialConfig
from ablate.errors import ConfigError
from ablate.execute.train.optimization.schedule import schedule

pytestmark = pytest.mark.numeric

ROUNDING = 1e-12
"""Relative: torch multiplies a rate by its change at each step, 40 times here."""

TRAINER = {
    "max_epochs": 10, "precision": "32-true", "gradient_clip_norm": None, "max_loss": 1e6, "deterministic": True,
    "accelerator": "cpu", "devices": 1, "lightning": {},
}  # fmt: skip


def of(name, *, epoch_steps=4, trainer=None, **settings):
    node = {"_target_": f"torch.optim.lr_scheduler.{name}", **settings}
    config = TrialConfig.from_dict({"scheduler": node, "trainer": TRAINER | (trainer or {})})
    return schedule(config, epoch_steps=epoch_steps)


def rates(make, steps, kind=torch.optim.SGD, **settings):
    """The rate of each optimizer step."""
    optimizer = kind(nn.Linear(1, 1).parameters(), **({"lr": 1.0} | settings))
    made, found = make(optimizer), []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        made.step()
    return found


def test_no_schedule_without_one():
    assert schedule(TrialConfig.from_dict({"trainer": TRAINER}), epoch_steps=4) is None


def test_half_a_cosine_over_all_steps():
    wanted = [(1 + math.cos(math.pi * k / 40)) / 2 for k in range(40)]
    assert rates(of("CosineAnnealingLR", T_max="100%"), 40) == pytest.approx(wanted, rel=ROUNDING)


def test_per_epoch_the_rate_changes_after_an_epoch_s_last_step():
    by_epoch = of("CosineAnnealingLR", T_max="100%", interval="epoch")
    wanted = [(1 + math.cos(math.pi * (k // 4) / 10)) / 2 for k in range(40)]
    assert rates(by_epoch, 40) == pytest.approx(wanted, rel=ROUNDING)
    halves = of("MultiStepLR", milestones=["50%", "75%"], interval="epoch")
    assert rates(halves, 40) == pytest.approx([1.0] * 20 + [0.1] * 12 + [0.01] * 8, rel=ROUNDING)  # epochs 5 and 8


def test_a_budget_in_steps_sets_the_shares():
    make = of("StepLR", step_size="50%", trainer={"max_epochs": None, "max_steps": 6})
    assert rates(make, 6) == pytest.approx([1.0, 1.0, 1.0, 0.1, 0.1, 0.1], rel=ROUNDING)


def test_one_cycle_is_torch_s_own_from_the_optimizer_s_rate():
    make = of("OneCycleLR", max_lr=0.3, total_steps="100%", cycle_momentum=True)
    alone = torch.optim.Adam(nn.Linear(1, 1).parameters(), lr=0.3)
    theirs = OneCycleLR(alone, max_lr=0.3, total_steps=40)
    wanted = []
    for _ in range(40):
        wanted.append(alone.param_groups[0]["lr"])
        alone.step()
        theirs.step()
    assert rates(make, 40, torch.optim.Adam, lr=0.3) == wanted
    assert max(wanted) == pytest.approx(0.3)


def test_a_warm_up_rises_evenly_and_the_shares_are_of_what_is_left():
    make = of("CosineAnnealingLR", T_max="100%", warmup="10%")
    wanted = [(k + 1) / 5 for k in range(4)] + [(1 + math.cos(math.pi * k / 36)) / 2 for k in range(36)]
    assert rates(make, 40) == pytest.approx(wanted, rel=ROUNDING)


def test_it_rests_after_the_training():
    found = rates(of("OneCycleLR", max_lr=1.0, total_steps="100%"), 60, momentum=0.9)
    assert len(set(found[39:])) == 1


@pytest.mark.parametrize(
    ("name", "settings", "says"),
    [
        ("StepLR", {"step_size": 2, "interval": "steps"}, "Did you mean 'step'?"),
        ("StepLR", {"stepsize": 2}, "Did you mean 'scheduler.step_size'?"),
        ("StepLR", {"step_size": "fast"}, "scheduler.step_size='fast' does not fit"),
        ("StepLR", {"step_size": "120%"}, "scheduler.step_size=120% is a share of the training"),
        ("StepLR", {"step_size": 2, "warmup": 40}, "scheduler.warmup=40 must be a number of steps from 0 to less"),
        ("StepLR", {"step_size": 2, "warmup": -1}, "scheduler.warmup=-1 must be"),
        ("StepLR", {"step_size": 2, "warmup": 0.5}, "scheduler.warmup=0.5 must be"),
        ("StepLRR", {}, "Did you mean 'StepLR'?"),
    ],
)
def test_a_schedule_that_does_not_fit_is_named(name, settings, says):
    with pytest.raises(ConfigError) as caught:
        of(name, **settings)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("name", "settings", "says"),
    [
        ("ReduceLROnPlateau", {}, "ReduceLROnPlateau waits for a metric, and no step has one"),
        ("OneCycleLR", {"max_lr": 1.0, "total_steps": 30}, "total_steps=30 ends before the training, which has 40"),
        ("OneCycleLR", {"max_lr": 1.0}, "it does not fit the optimizer Adagrad"),
    ],
)
def test_a_schedule_that_does_not_fit_its_optimizer_is_named(name, settings, says):
    kind = torch.optim.Adagrad if "Adagrad" in says else torch.optim.Adam
    with pytest.raises(ConfigError) as caught:
        of(name, **settings)(kind(nn.Linear(1, 1).parameters(), lr=1.0))
    assert says in str(caught.value)
