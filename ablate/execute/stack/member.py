"""A member of a stack."""

import copy
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor

from ablate.config.canonical_text import canonical_text
from ablate.config.trial import TrialConfig
from ablate.execute.stack.dropout import DropoutOrder
from ablate.execute.stack.optimizer import scalars
from ablate.execute.stack.unstackable import Unstackable
from ablate.execute.train.batches import TrainingChunks
from ablate.execute.train.dataset import MakeSplits, splits
from ablate.execute.train.fit import Fit, prepare
from ablate.execute.train.optimization.schedule import ScheduleFactory
from ablate.execute.train.step import NoUpdate, take_step
from ablate.execute.train.trial_module import TrialModule
from ablate.plan.seeds import Streams


@dataclass(frozen=True, kw_only=True)
class Member:
    """A trial prepared for a stack: network, data, order, and the settings in which members may differ."""

    fit: Fit
    module: TrialModule
    chunks: TrainingChunks
    optimizer: type[torch.optim.Optimizer]
    scalars: dict[str, Any]
    """Settings of the optimizer."""
    schedule: ScheduleFactory | None
    """Of its optimizer."""
    loss: str
    """Its loss, as canonical text."""
    clip_norm: float
    """Largest norm of its gradient; inf: not clipped."""
    max_loss: float
    dropout: int
    """Seed of its dropout."""

    @property
    def way(self) -> tuple[dict[str, Any], str]:
        """How its optimizer and its schedule work; members of the same way are updated as one."""
        return self.scalars, self.schedule.text if self.schedule else ""

    @classmethod
    def of(
        cls, config: TrialConfig, streams: Streams, *, fit: Fit | None = None, make_splits: MakeSplits = splits
    ) -> "Member":
        """Prepares one trial as for training alone, unless `fit` is given.

        Raises:
            Unstackable: it is to train alone, it is a user-defined LightningModule, its data are streamed or augmented,
                its weights are averaged, it has callbacks, its loss decides when it ends, or its optimizer cannot be
                stacked.
            AblateError: as `prepare`.
        """
        if not config.trainer.settings.stacked:
            raise Unstackable("trainer.stacked is false")
        fit = fit or prepare(config, streams, make_splits=make_splits)
        if not isinstance(fit.module, TrialModule):
            raise Unstackable("a user-defined LightningModule takes its own steps")
        if fit.module.is_streamed:
            raise Unstackable("its data are streamed, and each trial reads its own minibatches")
        if fit.module.augmentation is not None:
            raise Unstackable("its data are augmented, differently in each trial")
        if fit.module.average is not None:
            raise Unstackable("an average of its weights is evaluated, trainer.ema_decay")
        made, settings = fit.module.configure_optimizers(), config.trainer.settings
        if settings.callbacks:
            raise Unstackable("it has callbacks of its own, trainer.callbacks")
        if settings.patience is not None:
            raise Unstackable("its training ends where its own loss no longer falls, trainer.patience")
        return cls(
            fit=fit,
            module=fit.module,
            chunks=cast(TrainingChunks, fit.data["train_dataloaders"]),
            optimizer=type(made),
            scalars=scalars(made, fit.network),
            schedule=fit.module.make_schedule,
            loss=canonical_text(config.objective["loss"]),
            clip_norm=float("inf") if settings.gradient_clip_norm is None else settings.gradient_clip_norm,
            max_loss=settings.max_loss,
            dropout=streams.dropout,
        )


@dataclass(frozen=True, kw_only=True)
class Trace:
    """What one minibatch shows of how a network trains."""

    trained: tuple[str, ...]
    """Parameters that get a gradient. The others stay as they are."""
    dropout: dict[str, Tensor]
    """Dropout layers, in the order in which they draw → a tensor like their input."""

    @classmethod
    def of(cls, member: Member) -> "Trace":
        """Takes one step with a copy of the member's network.

        Raises:
            Unstackable: the network cannot be copied, has no gradient, or its dropout cannot be stacked.
        """
        try:
            network = copy.deepcopy(member.fit.network)
        except Exception as error:
            raise Unstackable(f"its network cannot be copied ({type(error).__name__})") from error
        order = DropoutOrder(network)
        inputs, targets = member.module.probe(member.chunks.batch_size)
        take_step(network, member.module.loss, inputs, targets, optimizer=NoUpdate(network.parameters()))
        trained = tuple(name for name, p in network.named_parameters() if p.grad is not None)
        if not trained:
            raise Unstackable("none of its parameters gets a gradient")
        return cls(trained=trained, dropout=order.layers)
