"""One training over several devices: which it can have, and what of it is done on one."""

import importlib
from typing import Any

import pytorch_lightning as pl

from ablate.config.trainer import TrainerSettings
from ablate.config.trial import TrialConfig
from ablate.errors import ConfigError
from ablate.execute.targets.lightning_package import OURS, lightning_package
from ablate.execute.targets.lightning_private import lets_others_start

OF_SEVERAL_DEVICES = ("strategy", "num_nodes", "use_distributed_sampler", "sync_batchnorm")
"""Trainer arguments that mean nothing where a module is examined or tested on one device."""


def on_one_device(config: TrialConfig) -> TrialConfig:
    """A configuration whose module is examined or tested in this process alone, on the first device of several."""
    settings = config.trainer.settings
    if settings.processes == 1:
        return config
    first, comma, _ = str(settings.devices).partition(",")
    lightning = {name: value for name, value in settings.lightning.items() if name not in OF_SEVERAL_DEVICES}
    return config.with_settings("trainer", devices=f"{first}," if comma else 1, lightning=lightning)


def has_whole_network(made: pl.Trainer) -> bool:
    """Whether each process of a training has all weights: with one device, or Lightning's DDP."""
    return made.world_size == 1 or any(base.__name__ == "DDPStrategy" for base in type(made.strategy).__mro__)


def check_devices(made: pl.Trainer, settings: TrainerSettings, *, user_defined: bool) -> None:
    """Refuses several devices where they are not known before, not started here, or not trained on.

    Raises:
        ConfigError: says which, and what to use.
    """
    if made.num_nodes > 1:
        raise ConfigError(
            f"trainer.lightning.num_nodes={made.num_nodes} is not possible: the processes of a training are started on "
            "one machine. Use trainer.devices for its devices."
        )
    if made.world_size == 1:
        return
    several = f"trainer.devices={settings.devices} is {made.world_size} devices for one trial"
    if not user_defined:
        raise ConfigError(
            f"{several}: a plain network takes one, a LightningModule of your own takes several. Trials are trained "
            "side by side by an engine: engine=local engine.workers=2."
        )
    if made.world_size != settings.processes:
        raise ConfigError(
            f"{several} on this machine: with another number it would be another training. Give the number, as "
            f"trainer.devices={made.world_size}, or take one, trainer.devices=1."
        )
    if not lets_others_start(made.strategy):
        raise ConfigError(
            f"trainer.lightning.strategy={settings.lightning.get('strategy')} starts its processes in a way of its "
            "own, and what they measure would be lost. Use trainer.lightning.strategy=ddp."
        )


def environment_plugin(settings: TrainerSettings, module: object) -> tuple[Any, ...]:
    """For several devices, where their processes are started here: what a scheduler has set is not for them."""
    if settings.processes == 1:
        return ()
    package = importlib.import_module(f"{lightning_package(module) or OURS}.plugins.environments")
    return (package.LightningEnvironment(),)
