"""Diagnostics at the start, in the middle and at the end of a training: a callback for any LightningModule."""

import math
from collections.abc import Collection
from typing import Any

import pytorch_lightning as pl
from torch import Tensor
from torch.utils.hooks import RemovableHandle

from ablate.config.diagnostic import EXAMPLES, Moment
from ablate.execute.diagnose.measurement import Measurement, as_csv, as_state, by_moment, from_state, measure, measured
from ablate.execute.diagnose.trace import Trace
from ablate.execute.targets.target import error_text
from ablate.execute.train.trial_module import TrialModule


class DiagnosticsCallback(pl.Callback):
    """Measures at the moments that it is given, and changes nothing that is trained.

    A plain network: on the first examples of its training split. The middle is after half of the
    epochs; a training of one epoch has none.

    A user-defined LightningModule: only it knows its loss, so that nothing is called; the module is watched in the
    first training step, in the first of the middle epoch and in the last, each on the batch that it trains on. A
    training of one epoch is watched in its middle step. Where Lightning does not know how many batches an epoch has,
    or stops before the last, there is no end. Its targets are not known: nothing is unreachable.

    The first error is kept in `failure`. It costs the trial its diagnostics, and nothing else.
    """

    def __init__(self, moments: Collection[Moment], examples: int = EXAMPLES) -> None:
        self._moments = frozenset(moments)
        self._examples = examples
        self._found: dict[str, Measurement] = {}
        self._watched: tuple[Moment, Trace, list[RemovableHandle]] | None = None
        self._gradients: dict[str, list[Tensor]] = {}
        self.failure: str | None = None
        self._is_under_way = False
        """Whether the training goes on from a checkpoint of another process."""

    @property
    def values(self) -> dict[str, dict[str, float]]:
        """Diagnostic → moment → value."""
        return by_moment(self._found)

    def as_csv(self) -> str | None:
        """The values by layer; None where nothing was measured."""
        return as_csv(self._found) if self._found else None

    def state_dict(self) -> dict[str, Any]:
        """Called by Lightning when it writes a checkpoint."""
        return {"found": as_state(self._found), "failure": self.failure}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Called by Lightning when a training goes on from a checkpoint: what was measured is not measured again."""
        self._found, self.failure = from_state(state_dict["found"]), state_dict["failure"]
        self._is_under_way = True

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Called by Lightning before the first step."""
        if not self._is_under_way:
            self._probe("start", trainer, pl_module)

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Called by Lightning before every epoch."""
        if trainer.current_epoch and trainer.current_epoch == _epochs(trainer, pl_module) // 2:
            self._probe("middle", trainer, pl_module)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Called by Lightning after the last epoch's validation."""
        self._probe("end", trainer, pl_module)

    def _probe(self, moment: Moment, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if moment not in self._moments or not isinstance(module, TrialModule):
            return
        try:
            with trainer.precision_plugin.forward_context():
                found = measure(module.network, *module.probe(self._examples), module.loss)
        except Exception as error:  # a user-defined network may do anything
            self.failure = self.failure or error_text(error)
        else:
            self._keep(moment, found)

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Called by Lightning before every training step."""
        moment = None if isinstance(pl_module, TrialModule) else _moment(trainer, pl_module, batch_idx)
        if moment is not None and moment in self._moments and moment not in self._found:
            trace = Trace(self._examples)
            self._watched = moment, trace, trace.attach(pl_module)

    def on_after_backward(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Called by Lightning after every backward pass, before gradients are clipped."""
        if self._watched is not None and not self._gradients:
            for name, weights in self._watched[1].weights.items():
                if gradients := [w.grad.detach().clone() for w in weights if w.grad is not None]:
                    self._gradients[name] = gradients

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Called by Lightning after every training step."""
        if self._watched is None:
            return
        moment, trace, _ = self._watched
        gradients, self._gradients = self._gradients, {}
        self._detach()
        try:
            trace.gradients = gradients
            self._keep(moment, measured(trace))
        except Exception as error:
            self.failure = self.failure or error_text(error)

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Called by Lightning, whatever was raised."""
        self._detach()

    def _keep(self, moment: Moment, found: Measurement) -> None:
        self._found[moment] = found
        self.failure = self.failure or found.failure

    def _detach(self) -> None:
        if self._watched is not None:
            for handle in self._watched[2]:
                handle.remove()
            self._watched = None


def _moment(trainer: pl.Trainer, module: pl.LightningModule, batch: int) -> Moment | None:
    """Which moment a training step of a user-defined LightningModule is."""
    epoch, epochs, batches = trainer.current_epoch, _epochs(trainer, module), trainer.num_training_batches
    if epoch == 0 and batch == 0:
        return "start"
    if epoch == epochs - 1 and batch == batches - 1:
        return "end"
    return "middle" if epoch == epochs // 2 and batch == (0 if epochs > 1 else batches // 2) else None


def _epochs(trainer: pl.Trainer, module: pl.LightningModule) -> int:
    """As configured; the last may be cut short by a budget of steps."""
    assert trainer.max_epochs is not None
    if trainer.max_epochs != -1:
        return trainer.max_epochs
    if isinstance(module, TrialModule):
        assert module.max_steps is not None
        return math.ceil(module.max_steps / module.epoch_steps)
    return math.ceil(trainer.max_steps * trainer.accumulate_grad_batches / trainer.num_training_batches)
