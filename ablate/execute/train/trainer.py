"""Makes the Lightning Trainer of a trial."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import pytorch_lightning as pl
import torch

from ablate.config.trainer import TrainerSettings
from ablate.config.trial import TrialConfig
from ablate.errors import ConfigError
from ablate.execute.distributed.devices import check_devices, environment_plugin
from ablate.execute.process.matmul_precision import set_matmul_precision
from ablate.execute.process.unseen_gpu import unseen_gpu
from ablate.execute.process.visible_gpus import is_for_other_machines
from ablate.execute.targets.lightning_callbacks import keeps_checkpoints, refuse_hooks_of_steps
from ablate.execute.targets.lightning_package import is_misconfiguration, trainer_class
from ablate.execute.targets.target import check_arguments
from ablate.execute.train.callbacks import Interruption, LastValidation

SET_BY_ABLATE = {
    "max_epochs": "trainer.max_epochs",
    "accelerator": "trainer.accelerator",
    "devices": "trainer.devices",
    "precision": "trainer.precision",
    "deterministic": "trainer.deterministic",
    "gradient_clip_val": "trainer.gradient_clip_norm",
    "logger": "the logger group",
    "callbacks": "trainer.callbacks",
    "enable_progress_bar": None,
    "enable_model_summary": None,
    "num_sanity_val_steps": None,
    "default_root_dir": None,
}
"""Trainer arguments that ablate sets itself → what the user sets instead; None: nothing."""

BY_STEP = (
    "max_steps",
    "min_steps",
    "accumulate_grad_batches",
    "gradient_clip_algorithm",
    "overfit_batches",
    "fast_dev_run",
    "val_check_interval",
)
"""Trainer arguments about single optimizer steps. Lightning does not see those of a plain network: it sees chunks."""


def trainer(
    config: TrialConfig,
    *,
    user_defined: bool,
    callbacks: Sequence[pl.Callback],
    folder: Path,
    named: Mapping[str, Any] = MappingProxyType({}),
    logger: Any = None,
    module: object = None,
    **arguments: Any,
) -> pl.Trainer:
    """A silent Trainer for one trial.

    Args:
        config: The trial's resolved configuration.
        user_defined: Whether the module is user-defined; Lightning then counts its batches and clips its gradients.
        callbacks: Of the fit.
        folder: What Lightning takes for its files; only callbacks that keep checkpoints write there.
        named: Further callbacks, those of `trainer.callbacks`.
        logger: With an open run, as `logger_run` gives it; None: nothing is logged.
        module: What it trains; its own package of Lightning is that of the Trainer. None: the one that ablate requires.
        **arguments: Further arguments of the Trainer, which take precedence.

    Raises:
        ConfigError: `trainer.lightning` has an argument that Trainer does not take, that ablate sets itself, or that
            would not do what it says; a named callback does not go with a plain network; or the Trainer refuses its
            arguments (an accelerator that is not there).
    """
    settings = config.trainer.settings
    for name in settings.lightning:
        if name in SET_BY_ABLATE:
            use = SET_BY_ABLATE[name]
            raise ConfigError(f"trainer.lightning.{name} is set by ablate." + (f" Use {use}." if use else ""))
        if name in BY_STEP and not user_defined:
            raise ConfigError(
                f"trainer.lightning.{name} would not do what it says: a plain network takes many optimizer steps per "
                "call of Lightning's. Use trainer.max_epochs, trainer.max_steps, "
                "trainer.lightning.limit_train_batches or data.batch_size; a LightningModule of your own takes it."
            )
    if user_defined and settings.compile:
        raise ConfigError(
            "trainer.compile would be ignored: a LightningModule takes its own steps. Have it compile what it calls, "
            "with torch.compile in its __init__. Take it out: trainer.compile=false."
        )
    if user_defined and settings.channels_last:
        raise ConfigError(
            "trainer.channels_last would be ignored: a LightningModule lays out its own parameters and batches, with "
            "self.to(memory_format=torch.channels_last) in its __init__. Take it out: trainer.channels_last=false."
        )
    if user_defined and settings.ema_decay is not None:
        raise ConfigError(
            "trainer.ema_decay would be ignored: a LightningModule evaluates its own weights. Average them by a "
            "callback, trainer.callbacks: {average: {_target_: pytorch_lightning.callbacks.EMAWeightAveraging}}. Take "
            "it out: trainer.ema_decay=null."
        )
    if user_defined and settings.patience is not None:
        raise ConfigError(
            "trainer.patience would be ignored: a LightningModule logs its own losses. Name one of them in "
            "trainer.callbacks: {stop: {_target_: pytorch_lightning.callbacks.EarlyStopping, monitor: val/loss}}. Take "
            "it out: trainer.patience=null."
        )
    if not user_defined:
        refuse_hooks_of_steps(named)
    check_arguments(pl.Trainer, settings.lightning, "trainer.lightning")
    set_matmul_precision(settings.matmul_precision)
    if settings.deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS reads it once, when it starts
    chosen: dict[str, Any] = {
        # A plain network's module ends its fit at its last step itself: Lightning sees chunks.
        "max_epochs": -1 if settings.max_epochs is None else settings.max_epochs,
        "max_steps": -1 if settings.max_steps is None or not user_defined else settings.max_steps,
        "accelerator": _accelerator(settings),
        "devices": settings.devices,
        "precision": settings.precision,
        "deterministic": settings.deterministic,
        "plugins": [*_plugins(settings.lightning.get("plugins")), *environment_plugin(settings, module)],
        "gradient_clip_val": settings.gradient_clip_norm if user_defined else None,
        "logger": logger or False,
        "callbacks": [*callbacks, *named.values(), *([] if user_defined else [LastValidation()]), Interruption()],
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "num_sanity_val_steps": 0,
        "default_root_dir": folder,
        "enable_checkpointing": any(keeps_checkpoints(callback) for callback in named.values()),
        **{k: v for k, v in settings.lightning.items() if k not in _read_here(user_defined)},
        **arguments,
    }
    try:
        made = cast(pl.Trainer, trainer_class(module)(**chosen))
    except Exception as error:
        if not (is_misconfiguration(error) or isinstance(error, ImportError | ValueError | TypeError | RuntimeError)):
            raise
        unseen = unseen_gpu() if settings.accelerator in ("gpu", "cuda") else None
        said = " ".join([*str(error).split(), *filter(None, [unseen])])
        raise ConfigError(f"trainer: Lightning refuses it: {said}") from error
    check_devices(made, settings, user_defined=user_defined)
    return made


def _accelerator(settings: TrainerSettings) -> str:
    """The accelerator of the settings; what this machine has in place of a GPU that only the training's machine has."""
    is_gpu = settings.accelerator in ("gpu", "cuda")
    return "auto" if is_gpu and is_for_other_machines() and not torch.cuda.is_available() else settings.accelerator


def _plugins(given: Any) -> Sequence[Any]:
    """The plugins of `trainer.lightning.plugins`: a name or several."""
    return () if given is None else (given,) if isinstance(given, str) else given


def _read_here(user_defined: bool) -> tuple[str, ...]:
    """Trainer arguments of `trainer.lightning` that Lightning gets in another way."""
    return ("plugins",) if user_defined else ("plugins", "limit_train_batches")


def is_on_cuda(settings: TrainerSettings) -> bool:
    """Whether a trial of these settings trains on an NVIDIA or AMD GPU of this machine."""
    return settings.accelerator in ("auto", "cuda", "gpu") and torch.cuda.is_available()
