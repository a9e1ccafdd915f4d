"""Callbacks for the training of a stack: curve and divergence of every member."""

from collections.abc import Mapping
from typing import Any, cast

import pytorch_lightning as pl
import torch
from torch import Tensor

from ablate.config.threshold import Threshold
from ablate.execute.stack.stacked_module import StackedModule
from ablate.execute.train.callbacks import as_csv, out_of_bounds, updates_to
from ablate.execute.train.network import evaluating


class MemberCurves(pl.Callback):
    """Keeps every member's curve. A member that diverges is validated and ended at once, as one that trains alone."""

    def __init__(self, max_losses: list[float]) -> None:
        self._max_losses = max_losses
        self._rows: list[list[dict[str, float]]] = [[] for _ in max_losses]
        self.reasons: list[str | None] = [None for _ in max_losses]
        self.steps: list[int | None] = [None for _ in max_losses]
        """Optimizer steps that a member had taken when it diverged."""

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Called by Lightning after every chunk."""
        module = cast(StackedModule, pl_module)
        losses, going = cast(Tensor, outputs["loss"]).tolist(), list(module.active)
        found = {m: out_of_bounds(losses[m], self._max_losses[m], epoch=trainer.current_epoch) for m in going}
        ended = [member for member, reason in found.items() if reason is not None]
        if not ended:
            return
        module.active = ended
        if _validates(trainer):
            _validate(trainer, module)
        module.log_training()
        self._note(trainer, module)
        module.active = going
        for member in ended:
            self.reasons[member], self.steps[member] = found[member], module.steps
            module.end(member)
        trainer.should_stop = trainer.should_stop or not module.active

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Called by Lightning, after the epoch's validation."""
        module = cast(StackedModule, pl_module)
        module.log_training()
        self._note(trainer, module)

    def state_dict(self) -> dict[str, Any]:
        """Called by Lightning when it writes a checkpoint."""
        return {"rows": self._rows, "reasons": self.reasons, "steps": self.steps}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Called by Lightning when a training goes on from a checkpoint."""
        self._rows, self.reasons, self.steps = (state_dict[name] for name in ("rows", "reasons", "steps"))

    def epochs(self, member: int) -> int:
        """Epochs that a member has trained in."""
        return len(self._rows[member])

    def updates_to(
        self, member: int, thresholds: Mapping[str, Threshold], *, epoch_steps: int, budget_steps: int
    ) -> dict[str, float]:
        """Response → optimizer steps at the first evaluation in which a member reached its threshold."""
        rows = [] if self.reasons[member] else self._rows[member]
        return updates_to(thresholds, rows, epoch_steps=epoch_steps, budget_steps=budget_steps)

    def as_csv(self, member: int) -> str:
        """A member's curve, as `Curve` writes it."""
        return as_csv(self._rows[member])

    def _note(self, trainer: pl.Trainer, module: StackedModule) -> None:
        for member in module.active:
            self._rows[member].append({"epoch": trainer.current_epoch + 1} | module.responses[member])


def _validates(trainer: pl.Trainer) -> bool:
    """Whether this epoch ends with a validation."""
    every = trainer.check_val_every_n_epoch
    return trainer.enable_validation and (every is None or (trainer.current_epoch + 1) % every == 0)


def _validate(trainer: pl.Trainer, module: StackedModule) -> None:
    """Evaluates the active members between two chunks, as Lightning does when a trial ends."""
    (batches,) = trainer.num_val_batches
    with trainer.precision_plugin.val_step_context(), torch.inference_mode(), evaluating(module):
        module.on_validation_start()
        for number, indices in enumerate(cast(Any, trainer.val_dataloaders)):
            if number >= batches:
                break
            module.evaluate("val", indices.to(module.device))
        module.log_evaluation("val")
