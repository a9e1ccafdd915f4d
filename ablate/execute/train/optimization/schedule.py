"""Schedules of an optimizer's settings: torch's own classes, per step or per epoch."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import torch
from torch.optim.lr_scheduler import LinearLR, LRScheduler, ReduceLROnPlateau, SequentialLR

from ablate.config.canonical_text import canonical_text
from ablate.config.trial import TrialConfig
from ablate.errors import ConfigError, kind, unknown
from ablate.execute.targets.target import build, error_text

INTERVALS = ("step", "epoch")
"""Values of `scheduler.interval`."""

SHARE = re.compile(r"(\d+(?:\.\d+)?) ?%")
"""A number of steps or epochs as a share of the training."""


class Schedule:
    """A schedule of torch at work: it counts the optimizer's steps.

    After the last step of the training it changes nothing more: the timing of a network may take any number of steps.
    """

    def __init__(self, scheduler: LRScheduler, *, every: int, intervals: int) -> None:
        """`every`: optimizer steps per change. `intervals`: changes in the whole training."""
        self._scheduler = scheduler
        self._every = every
        self._intervals = intervals
        self._steps = 0

    def step(self) -> None:
        """Called after each step of the optimizer."""
        self._steps += 1
        if self._steps % self._every == 0 and self._steps < self._every * self._intervals:
            self._scheduler.step()

    def repeat(self, steps: int) -> None:
        """Brings a schedule that has not begun to where it was after so many steps of the optimizer."""
        for _ in range(steps):
            self.step()


@dataclass(frozen=True, kw_only=True)
class ScheduleFactory:
    """Makes the schedule of an optimizer. Those with equal texts change equal settings alike."""

    text: str
    make: Callable[[torch.optim.Optimizer], LRScheduler]
    warmup: int
    """Intervals of linear warm-up before it."""
    every: int
    intervals: int

    def __call__(self, optimizer: torch.optim.Optimizer) -> Schedule:
        """The schedule of an optimizer that has taken no step.

        Raises:
            ConfigError: torch refuses it for this optimizer, it is no schedule, or it ends before the training.
        """
        try:
            scheduler = self._scheduler(optimizer)
        except ConfigError:
            raise
        except Exception as error:
            raise ConfigError(
                f"scheduler: it does not fit the optimizer {type(optimizer).__name__}: {error_text(error)}"
            ) from error
        return Schedule(scheduler, every=self.every, intervals=self.intervals)

    def _scheduler(self, optimizer: torch.optim.Optimizer) -> LRScheduler:
        if not self.warmup:
            return self._checked(self.make(optimizer))
        # The rate of step k from 0 is (k + 1) / (warmup + 1) of the optimizer's.
        rising = LinearLR(optimizer, start_factor=1 / (self.warmup + 1), total_iters=self.warmup)
        return SequentialLR(optimizer, [rising, self._checked(self.make(optimizer))], milestones=[self.warmup])

    def _checked(self, made: Any) -> LRScheduler:
        if isinstance(made, ReduceLROnPlateau):
            raise ConfigError(
                "scheduler: ReduceLROnPlateau waits for a metric, and no step has one. Take a schedule that follows "
                "from the number of steps, such as scheduler=cosine."
            )
        if not isinstance(made, LRScheduler):
            raise ConfigError(f"scheduler: it gives {kind(made)}, not a torch.optim.lr_scheduler.LRScheduler.")
        total = getattr(made, "total_steps", None)
        if isinstance(total, int) and total < self.intervals - self.warmup:
            raise ConfigError(
                f"scheduler.total_steps={total} ends before the training, which has {self.intervals - self.warmup} "
                "after its warm-up: write 100%."
            )
        return made


def schedule(config: TrialConfig, *, epoch_steps: int) -> ScheduleFactory | None:
    """How a trial's optimizer changes its settings; None: it does not.

    `interval` (step or epoch) and `warmup` are ablate's; the other keys are arguments of the `_target_`. A share such
    as `50%` stands for that many of the steps, or epochs, after the warm-up: 1 at least, unless it is 0%.

    Args:
        config: Of the trial.
        epoch_steps: Optimizer steps of an epoch.

    Raises:
        ConfigError: it cannot be built as configured.
    """
    if not config.scheduler.content:
        return None
    settings = dict(config.scheduler.mapping)
    interval = settings.pop("interval", "step")
    if interval not in INTERVALS:
        raise ConfigError(unknown("scheduler.interval", str(interval), INTERVALS))
    trainer = config.trainer.settings
    intervals = trainer.steps(epoch_steps) if interval == "step" else trainer.epochs(epoch_steps)
    warmup = _numbers(settings.pop("warmup", 0), total=intervals, where="scheduler.warmup")
    if isinstance(warmup, bool) or not isinstance(warmup, int) or not 0 <= warmup < intervals:
        raise ConfigError(
            f"scheduler.warmup={warmup} must be a number of {interval}s from 0 to less than the {intervals} of the "
            "training, or a share of them such as 5%."
        )
    given = {
        key: value if key.startswith("_") else _numbers(value, total=intervals - warmup, where=f"scheduler.{key}")
        for key, value in settings.items()
    }
    make: partial[LRScheduler] = build({**given, "_partial_": True}, "scheduler")
    return ScheduleFactory(
        text=canonical_text({**given, "interval": interval, "warmup": warmup}),
        make=make,
        warmup=warmup,
        every=1 if interval == "step" else epoch_steps,
        intervals=intervals,
    )


def _numbers(value: Any, *, total: int, where: str) -> Any:
    """The value with each share of the training in it as a number of steps or epochs."""
    if isinstance(value, list):
        return [_numbers(one, total=total, where=where) for one in cast(list[Any], value)]
    if isinstance(value, Mapping):
        items = cast(Mapping[str, Any], value).items()
        return {k: one if k.startswith("_") else _numbers(one, total=total, where=f"{where}.{k}") for k, one in items}
    if not (isinstance(value, str) and (found := SHARE.fullmatch(value.strip()))):
        return value
    share = float(found[1]) / 100
    if share > 1:
        raise ConfigError(f"{where}={value} is a share of the training: it must be 0% to 100%.")
    return max(1, round(share * total)) if share else 0
