"""What one trial gives to Lightning: a module, its data, and what its network costs."""

import functools
import json
from dataclasses import dataclass
from typing import Any, cast

import pytorch_lightning as pl
from torch import Tensor, nn

from ablate.config.spec import Config
from ablate.data.source import Source
from ablate.data.split import Splits, check, split
from ablate.errors import ConfigError
from ablate.execute.chunks import EvaluationChunks, TrainingChunks
from ablate.execute.module import TrialModule
from ablate.execute.network import is_own_lightning, network, seed_everything
from ablate.execute.settings import trainer_settings
from ablate.execute.target import build
from ablate.plan.seeds import Streams

DESCRIPTION = ("inputs", "outputs", "chance", "batch_size")
"""Keys of `data` that describe it to the other groups; the rest are its `_target_`'s arguments."""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A LightningModule with its data. `probe` is one example, shape (1, *inputs), where one can be had."""

    module: pl.LightningModule
    network: nn.Module
    probe: Tensor | None
    data: dict[str, Any]
    """Keyword arguments of `Trainer.fit`."""
    test: dict[str, Any] | None
    """Keyword arguments of `Trainer.test`; None: nothing to test on."""
    examples: dict[str, int]
    """Split → examples, where they are known before the fit."""


def prepare(config: Config, streams: Streams) -> Fit:
    """Builds what a trial trains, by its replicate's streams.

    The global generators are left at the dropout stream for a plain module, and at the order stream for a person's
    own LightningModule, whose DataLoader draws its order from them.

    Raises:
        AblateError: something in the configuration cannot be built, or data are missing.
    """
    built = network(config, seed=streams.initialisation)
    if is_own_lightning(built):
        fit = _own(cast(pl.LightningModule, built), config, streams)
        seed_everything(streams.order)
    else:
        fit = _resident(built, config, streams)
        seed_everything(streams.dropout)
    return fit


def source(config: Config) -> Source:
    """The data set of a configuration. The last two are kept: trials that follow each other share them.

    Raises:
        ConfigError: it cannot be built as configured, or is no Source.
        DataError: its files are missing or damaged.
    """
    arguments = {k: v for k, v in config["data"].items() if k not in DESCRIPTION}
    return _source(json.dumps(arguments, sort_keys=True, default=str))


@functools.lru_cache(maxsize=2)
def _source(arguments: str) -> Source:
    built = build(json.loads(arguments), "data")
    if not isinstance(built, Source):
        raise ConfigError(
            f"data: a plain nn.Module trains on an ablate.data.Source, and {json.loads(arguments)['_target_']} gives a "
            f"{type(built).__name__}. (A LightningDataModule goes with a LightningModule.)"
        )
    return built


def splits(config: Config, *, seed: int) -> Splits:
    """One replicate's train, validation and test examples, checked against what `data` says of itself."""
    data = config["data"]
    drawn = split(source(config), seed=seed)
    check(drawn, inputs=data["inputs"], outputs=data["outputs"])
    return drawn


def _resident(built: nn.Module, config: Config, streams: Streams) -> Fit:
    data, settings = config["data"], trainer_settings(config)
    missing = [k for k in ("inputs", "outputs", "batch_size") if k not in data]
    if missing:
        raise ConfigError(
            f"data.{missing[0]} is missing: data says the shape of its inputs, its outputs and batch_size."
        )
    batch_size = data["batch_size"]
    if not isinstance(batch_size, int) or batch_size < 1:
        raise ConfigError(f"data.batch_size={batch_size!r} does not fit: expected an `int` of 1 or more.")
    loss, metrics = objective(config)
    drawn = splits(config, seed=streams.split)
    module = TrialModule(
        network=built,
        loss=loss,
        metrics=metrics,
        optimizer=build({**config["optimizer"], "_partial_": True}, "optimizer"),
        splits=drawn,
        gradient_clip_norm=settings.gradient_clip_norm,
    )
    train = TrainingChunks(examples=len(drawn.train), batch_size=batch_size, seed=streams.order)
    return Fit(
        module=module,
        network=built,
        probe=drawn.train.inputs[:1],
        data={"train_dataloaders": train, "val_dataloaders": EvaluationChunks(examples=len(drawn.val))},
        test={"dataloaders": EvaluationChunks(examples=len(drawn.test))},
        examples={"train": len(drawn.train), "val": len(drawn.val), "test": len(drawn.test)},
    )


def objective(config: Config) -> tuple[nn.Module, dict[str, Any]]:
    """The loss and the metrics by name.

    Raises:
        ConfigError: the objective names none, or they cannot be built.
    """
    node = config.get("objective") or {}
    if "loss" not in node:
        raise ConfigError("A plain nn.Module needs an objective with a loss: objective=classification, or =regression.")
    metrics = {name: build(metric, f"objective.metrics.{name}") for name, metric in (node.get("metrics") or {}).items()}
    return build(node["loss"], "objective.loss"), metrics


def _own(module: pl.LightningModule, config: Config, streams: Streams) -> Fit:
    for group in ("objective", "optimizer"):
        if config.get(group):
            raise ConfigError(
                f"{config['model']['_target_']} is a LightningModule and brings its own {group}: {group} would be "
                f"ignored. Add '- override /{group}: none' to the study's defaults, or {group}=none to the command."
            )
    seed_everything(streams.split)
    data = build(config["data"], "data")
    if not isinstance(data, pl.LightningDataModule):
        raise ConfigError(
            f"data: a LightningModule trains on a LightningDataModule, and {config['data']['_target_']} gives a "
            f"{type(data).__name__}."
        )
    probe = module.example_input_array
    has_test = overrides(module, "test_step") and overrides(data, "test_dataloader")
    return Fit(
        module=module,
        network=module,
        probe=probe if isinstance(probe, Tensor) else None,
        data={"datamodule": data},
        test={"datamodule": data} if has_test else None,
        examples={},
    )


def overrides(thing: pl.LightningModule | pl.LightningDataModule, method: str) -> bool:
    """Whether a person's own class defines one of Lightning's hooks."""
    base = pl.LightningModule if isinstance(thing, pl.LightningModule) else pl.LightningDataModule
    return getattr(type(thing), method) is not getattr(base, method)
