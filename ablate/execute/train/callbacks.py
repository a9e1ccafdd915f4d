"""Callbacks for the training of a trial, with any LightningModule: curve, divergence, patience, validation, Ctrl-C."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import EarlyStopping
from torch import Tensor

from ablate.config.threshold import UPDATES_TO, Threshold
from ablate.execute.process.transfer import floats


class Curve(pl.Callback):
    """Keeps the logged responses of every epoch."""

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Called by Lightning, after the epoch's validation."""
        self.rows.append({"epoch": trainer.current_epoch + 1} | scalars(trainer))

    def state_dict(self) -> dict[str, Any]:
        """Called by Lightning when it writes a checkpoint."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Called by Lightning when a training goes on from a checkpoint."""
        self.rows = state_dict["rows"]

    def as_csv(self) -> str:
        """One row per epoch; a response that an epoch did not log is empty."""
        return as_csv(self.rows)


class Divergence(pl.Callback):
    """Ends a training whose loss is NaN, infinite or beyond its bound."""

    def __init__(self, max_loss: float) -> None:
        self._max_loss = max_loss
        self.reason: str | None = None

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Called by Lightning after every `training_step`."""
        loss = outputs.get("loss") if isinstance(outputs, dict) else outputs
        if not isinstance(loss, Tensor):
            return
        if self.reason is None:
            self.reason = out_of_bounds(loss.detach().mean().item(), self._max_loss, epoch=trainer.current_epoch)
            if trainer.world_size > 1 and trainer.strategy.reduce_boolean_decision(self.reason is not None, all=False):
                self.reason = self.reason or f"training loss of another process, in epoch {trainer.current_epoch + 1}"
            trainer.should_stop = trainer.should_stop or self.reason is not None


def stopping(patience: int | None) -> tuple[pl.Callback, ...]:
    """Ends a training after so many epochs without a lower mean training loss; None: nothing does."""
    if patience is None:
        return ()
    return (EarlyStopping("train/loss", mode="min", patience=patience, check_on_train_epoch_end=True),)


class LastValidation(pl.Callback):
    """Evaluates in validation where the budget of a plain network ends, whatever `check_val_every_n_epoch` is.

    A choice between learning rates is made by the last evaluation, and part of a budget may have fewer epochs than n.
    """

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Called by Lightning."""
        if trainer.current_epoch + 1 == trainer.max_epochs:
            trainer.check_val_every_n_epoch = 1

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Called by Lightning after every chunk, before it decides whether to evaluate."""
        module = cast(Any, pl_module)
        if module.steps == module.max_steps:
            trainer.check_val_every_n_epoch = 1


def as_csv(rows: Sequence[Mapping[str, float]]) -> str:
    """A curve's rows as text; a response that an epoch did not log is empty."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def updates_to(
    thresholds: Mapping[str, Threshold], rows: Sequence[Mapping[str, float]], *, epoch_steps: int, budget_steps: int
) -> dict[str, float]:
    """Response → optimizer steps at the first evaluation in validation that reached its threshold.

    Args:
        thresholds: Metric → threshold.
        rows: Of the curve: an epoch's number, and what it logged. None where the training diverged.
        epoch_steps: Optimizer steps of an epoch; the last may be cut short by the budget.
        budget_steps: Optimizer steps of the whole training. One epoch more stands for a threshold that was not reached.
    """
    counted: dict[str, float] = {}
    for metric, threshold in thresholds.items():
        found = ((min(int(r["epoch"]) * epoch_steps, budget_steps), r.get(f"val/{metric}", math.nan)) for r in rows)
        counted[f"val/{UPDATES_TO}{metric}"] = float(threshold.updates(found, otherwise=budget_steps + epoch_steps))
    return counted


def out_of_bounds(loss: float, bound: float, *, epoch: int) -> str | None:
    """Why a loss ends a training: NaN, infinite or beyond its bound; None: it does not."""
    if math.isfinite(loss) and abs(loss) <= bound:
        return None
    return f"training loss {loss:.4g} in epoch {epoch + 1} (bound {bound:.4g})"


class Interruption(pl.Callback):
    """Raises Ctrl-C again. Lightning would end the process with exit code 1, as if the trial had failed."""

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Called by Lightning, whatever was raised."""
        if isinstance(exception, KeyboardInterrupt):
            raise KeyboardInterrupt from exception


def scalars(trainer: pl.Trainer) -> dict[str, float]:
    """The logged numbers, as Python floats."""
    logged = {name: value for name, value in trainer.callback_metrics.items() if is_number(value)}
    return dict(zip(logged, floats(list(logged.values())), strict=True))


def is_number(value: Any) -> bool:
    """Whether what is logged is one number."""
    return torch.as_tensor(value).numel() == 1
