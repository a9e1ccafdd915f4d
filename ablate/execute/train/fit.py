"""A trial prepared for Lightning: a module and its data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import pytorch_lightning as pl
from torch import Tensor, nn

from ablate.config.group import OPTION_WITHOUT_EFFECT
from ablate.config.resolution.lines import listed
from ablate.config.trial import TrialConfig
from ablate.data.split import Sampling
from ablate.errors import ConfigError, kind
from ablate.execute.targets.lightning_package import (
    is_lightning_data,
    is_lightning_module,
    lightning_package,
    overrides,
)
from ablate.execute.targets.target import build
from ablate.execute.train.augmentation import augmentation, is_asked
from ablate.execute.train.batches import EvaluationChunks, TrainingChunks
from ablate.execute.train.compilation import Compilation
from ablate.execute.train.dataset import MakeSplits, arguments, splits
from ablate.execute.train.editing.aligned import aligned
from ablate.execute.train.image_layout import channels_last, images_last
from ablate.execute.train.network import network, seed_everything
from ablate.execute.train.objective import objective, optimizer
from ablate.execute.train.optimization.schedule import schedule
from ablate.execute.train.trial_module import TrialModule
from ablate.models.dropout import replace_dropout
from ablate.plan.seeds import Streams


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A LightningModule with its data. `probe`: one example, shape (1, *inputs); None: unknown."""

    module: pl.LightningModule
    network: nn.Module
    probe: Tensor | None
    data: dict[str, Any]
    """Keyword arguments of `Trainer.fit`."""
    test: dict[str, Any] | None
    """Keyword arguments of `Trainer.test`; None: nothing to test on."""
    examples: dict[str, int]
    """Split → number of examples, if known before the fit."""
    sampling: Sampling | None = None
    """What other replicates have of these examples; None: not known."""


def prepare(config: TrialConfig, streams: Streams, *, make_splits: MakeSplits = splits) -> Fit:
    """Builds the network and the data of a trial from the streams of its replicate.

    Afterwards the global generators are at the dropout stream for a plain module, and at the order stream for a
    user-defined LightningModule, whose DataLoader draws its order from them.

    Args:
        config: Of the trial.
        streams: Of its replicate.
        make_splits: `ablate.execute.train.dataset.splits`, or `shared_splits`.

    Raises:
        AblateError: something in the configuration cannot be built, or data are missing.
    """
    built = network(config, seed=streams.initialisation)
    if is_lightning_module(built):
        fit = _lightning_fit(cast(pl.LightningModule, built), config, streams)
        seed_everything(streams.order)
    else:
        fit = _resident(built, config, streams, make_splits)
        seed_everything(streams.dropout)
    return fit


def _resident(built: nn.Module, config: TrialConfig, streams: Streams, make_splits: MakeSplits) -> Fit:
    settings = config.trainer.settings
    loss, metrics = objective(config)
    drawn = make_splits(config, seed=streams.split)
    example, target = drawn.train.first(2)  # of one, squeeze() would remove the axis of examples
    built = aligned(built, example, target)
    changes = augmentation(config, seed=streams.augmentation)
    if changes is not None:
        changes.check_targets(target)
    if settings.channels_last:
        built, drawn = channels_last(built), images_last(drawn)
    built = replace_dropout(built)
    train = TrainingChunks(
        examples=len(drawn.train),
        batch_size=config.data.description.batch_size,
        seed=streams.order,
        limit=settings.limit_train_batches,
    )
    module = TrialModule(
        network=built,
        loss=loss,
        metrics=metrics,
        optimizer=optimizer(config),
        splits=drawn,
        gradient_clip_norm=settings.gradient_clip_norm,
        augmentation=changes,
        compilation=Compilation(settings.compile, steps=settings.steps(train.steps)),
        schedule=schedule(config, epoch_steps=train.steps),
        max_steps=settings.max_steps,
        ema_decay=settings.ema_decay,
    )
    return Fit(
        module=module,
        network=built,
        probe=drawn.train.first(1)[0],
        data={"train_dataloaders": train, "val_dataloaders": EvaluationChunks(examples=len(drawn.val))},
        test={"dataloaders": EvaluationChunks(examples=len(drawn.test))},
        examples={"train": len(drawn.train), "val": len(drawn.val), "test": len(drawn.test)},
        sampling=drawn.sampling,
    )


def _ignored_groups_message(model: str, ignored: Mapping[str, str]) -> str:
    """Of all groups that would be ignored, as the LightningModule has its own."""
    lines = ", ".join(f"'- override /{group}: {option}'" for group, option in ignored.items())
    words = " ".join(f"{group}={option}" for group, option in ignored.items())
    return (
        f"{model} is a LightningModule and brings its own {listed([*ignored])}, which would be ignored. Add {lines} to "
        f"the study's defaults, or {words} to the command."
    )


def _lightning_fit(module: pl.LightningModule, config: TrialConfig, streams: Streams) -> Fit:
    ignored = {group: option for group, option in OPTION_WITHOUT_EFFECT.items() if getattr(config, group).content}
    wrong = _ignored_groups_message(config.model["_target_"], ignored) if ignored else ""
    seed_everything(streams.split)
    data = build(arguments(config.data).content, "data")
    if not is_lightning_data(data):
        wrong += (
            f" data: a LightningModule trains on a LightningDataModule, and {config.data['_target_']} gives "
            f"{kind(data)}. Data sets of torch become one by _target_: "
            f"{lightning_package(module)}.LightningDataModule.from_datasets, with train_dataset and test_dataset."
        )
    if wrong:
        raise ConfigError(wrong.strip())
    if lightning_package(data) != lightning_package(module):
        raise ConfigError(
            f"model is a LightningModule of {lightning_package(module)}, and data a LightningDataModule of "
            f"{lightning_package(data)}: one does not train on the other. Import both from the same package."
        )
    if is_asked(config):
        raise ConfigError(
            f"data.augmentation would be ignored: {config.model['_target_']} is a LightningModule, whose "
            "LightningDataModule augments its own batches. Take it out: data.augmentation=null."
        )
    probe = module.example_input_array
    has_test = overrides(module, "test_step") and overrides(data, "test_dataloader")
    return Fit(
        module=module,
        network=module,
        probe=probe[:1] if isinstance(probe, Tensor) else None,
        data={"datamodule": data},
        test={"datamodule": data} if has_test else None,
        examples={},
    )
