"""The `trainer` group, and its settings, checked."""

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal, cast, get_args

import msgspec

from ablate.config.devices import device_count
from ablate.config.diagnostic import EXAMPLES, MOMENTS, Moment
from ablate.config.group import Group
from ablate.config.schema import convert
from ablate.errors import ConfigError, unknown

Precision = Literal["32-true", "64-true", "bf16-true", "bf16-mixed"]
MatmulPrecision = Literal["highest", "high", "medium"]

BUDGET_KEYS = ("max_epochs", "max_steps")
"""Keys that say how long a training is. One of them is null."""

CLOSED = {"precision": get_args(Precision), "matmul_precision": get_args(MatmulPrecision)}
"""Settings that are one of a few words."""


class TrainerSettings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The `trainer` group. `max_loss` bounds the mean training loss of a chunk of steps."""

    max_epochs: int | None
    precision: Precision
    gradient_clip_norm: float | None
    max_loss: float
    deterministic: bool
    accelerator: str
    devices: int | str
    lightning: dict[str, Any]
    diagnostics: bool | list[Moment] = True
    matmul_precision: MatmulPrecision = "highest"
    channels_last: bool = False
    compile: bool | Literal["auto"] = False
    timeout_min: float | None = None
    memory_gb: float | None = None
    max_steps: int | None = None
    """Either this or `max_epochs` is null."""
    patience: int | None = None
    """Epochs without a lower mean training loss, after which the training ends. None: only its budget ends it."""
    ema_decay: float | None = None
    callbacks: dict[str, Any] = {}
    """Name → node of a callback of Lightning's."""
    stacked: bool = True
    """Whether it may train in a stack with others, where that is faster."""
    diagnostic_examples: int = EXAMPLES
    """Of the training split, the first ones, on which diagnostics are measured."""

    def steps(self, epoch_steps: int) -> int:
        """Optimizer steps of the whole training, of which an epoch has `epoch_steps`."""
        return self.max_epochs * epoch_steps if self.max_epochs is not None else cast(int, self.max_steps)

    def epochs(self, epoch_steps: int) -> int:
        """Epochs of the whole training; a budget of steps may end within the last one."""
        return self.max_epochs if self.max_epochs is not None else math.ceil(self.steps(epoch_steps) / epoch_steps)

    @property
    def processes(self) -> int:
        """Devices that one training is over, each with a process; 1 where it is left to Lightning how many."""
        return device_count(self.devices)

    @property
    def moments(self) -> tuple[Moment, ...]:
        """When diagnostics are measured."""
        chosen = MOMENTS if self.diagnostics is True else self.diagnostics or ()
        return tuple(moment for moment in MOMENTS if moment in chosen)

    @property
    def limit_train_batches(self) -> int | float:
        """Minibatches of an epoch that train, or the share of them: Lightning's argument of that name."""
        limit = self.lightning.get("limit_train_batches")
        return 1.0 if limit is None else limit


class TrainerGroup(Group):
    """The `trainer` group."""

    @cached_property
    def settings(self) -> TrainerSettings:
        """Its settings.

        Raises:
            ConfigError: an unknown key, a value of the wrong type, or one that trains nothing.
        """
        return _settings(self.content)


def _check_budget(settings: TrainerSettings) -> None:
    for name in BUDGET_KEYS:
        value = getattr(settings, name)
        if value is not None and value < 1:
            raise ConfigError(f"trainer.{name}={value} trains nothing: it must be 1 or more.")
    if settings.max_epochs is not None and settings.max_steps is not None:
        raise ConfigError(
            f"trainer.max_epochs={settings.max_epochs} and trainer.max_steps={settings.max_steps} are two budgets: "
            "set the other one to null, as in trainer.max_epochs=null."
        )
    if settings.max_epochs is None and settings.max_steps is None:
        raise ConfigError("The training has no end: set trainer.max_epochs or trainer.max_steps.")
    if settings.max_steps is not None and settings.lightning.get("min_epochs") is not None:
        raise ConfigError(
            "trainer.lightning.min_epochs does not go with trainer.max_steps, which ends a training within an epoch."
        )


def _settings(node: Any) -> TrainerSettings:
    if not isinstance(node, Mapping):
        raise ConfigError("The configuration has no trainer. Leave the shipped one in: trainer=default.")
    if not isinstance(chosen := node.get("compile", False), bool) and chosen != "auto":
        raise ConfigError(unknown("trainer.compile", str(chosen), ("auto", "false", "true")))
    for name, valid in CLOSED.items():
        if isinstance(value := node.get(name), str | int) and value not in valid:
            raise ConfigError(unknown(f"trainer.{name}", str(value), valid))
    settings = convert(node, TrainerSettings, "trainer")
    _check_budget(settings)
    if settings.gradient_clip_norm is not None and not settings.gradient_clip_norm > 0:
        raise ConfigError("trainer.gradient_clip_norm must be more than 0, or null for no clipping.")
    if settings.patience is not None and settings.patience < 1:
        raise ConfigError(f"trainer.patience={settings.patience} must be a number of epochs, 1 or more, or null.")
    if settings.ema_decay is not None and not 0 < settings.ema_decay < 1:
        raise ConfigError(f"trainer.ema_decay={settings.ema_decay} must be between 0 and 1, such as 0.99, or null.")
    if settings.timeout_min is not None and not 0 < settings.timeout_min < math.inf:
        raise ConfigError(
            f"trainer.timeout_min={settings.timeout_min} must be minutes, more than 0, or null for no limit."
        )
    if settings.memory_gb is not None and not 0 < settings.memory_gb < math.inf:
        raise ConfigError(f"trainer.memory_gb={settings.memory_gb} must be GB, more than 0, or null for no limit.")
    if settings.diagnostic_examples < 2:
        raise ConfigError(
            f"trainer.diagnostic_examples={settings.diagnostic_examples} is no batch that a spread can be measured on: "
            "it must be 2 or more."
        )
    if not settings.max_loss > 0:
        raise ConfigError(
            f"trainer.max_loss={settings.max_loss} calls every training diverged: it must be more than 0."
        )
    limit = settings.limit_train_batches
    if isinstance(limit, bool) or not (
        limit >= 1 if isinstance(limit, int) else isinstance(limit, float) and 0 < limit <= 1
    ):
        raise ConfigError(
            f"trainer.lightning.limit_train_batches={limit!r} must be a number of minibatches, 1 or more, or a share "
            "of them, more than 0.0 and up to 1.0."
        )
    return settings
