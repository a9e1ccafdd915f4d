"""The trainer's settings, checked."""

from typing import Any, Literal

import msgspec

from ablate.config.schema import convert
from ablate.config.spec import Config
from ablate.errors import ConfigError


class TrainerSettings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The `trainer` group. `max_loss` bounds the mean training loss of a chunk of steps."""

    max_epochs: int
    precision: Literal["32-true", "64-true", "bf16-true", "bf16-mixed"]
    gradient_clip_norm: float | None
    max_loss: float
    deterministic: bool
    accelerator: str
    devices: int | str
    lightning: dict[str, Any]


def trainer_settings(config: Config) -> TrainerSettings:
    """Reads the `trainer` group of a resolved configuration.

    Raises:
        ConfigError: an unknown key, a value of the wrong type, or one that trains nothing.
    """
    settings = convert(config["trainer"], TrainerSettings, "trainer")
    if settings.max_epochs < 1:
        raise ConfigError(f"trainer.max_epochs={settings.max_epochs} trains nothing: it must be 1 or more.")
    if settings.gradient_clip_norm is not None and settings.gradient_clip_norm <= 0:
        raise ConfigError("trainer.gradient_clip_norm must be more than 0, or null for no clipping.")
    return settings
