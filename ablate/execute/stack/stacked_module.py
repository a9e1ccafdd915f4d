"""A stack under Lightning: as TrialModule, for several members."""

import math
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytorch_lightning as pl
import torch
from jaxtyping import Int
from torch import Tensor, nn
from torchmetrics import MetricCollection

from ablate.execute.process.transfer import floats
from ablate.execute.stack.batches import StackedChunks
from ablate.execute.stack.data import StackedData
from ablate.execute.stack.dropout import Masks
from ablate.execute.stack.loss import StackedLoss
from ablate.execute.stack.member import Member, Trace
from ablate.execute.stack.networks import Stack
from ablate.execute.stack.optimizer import runs, stacked
from ablate.execute.stack.schedule import StackedSchedule
from ablate.execute.stack.step import GradientRows, losses_of, take_step
from ablate.execute.stack.unstackable import Unstackable
from ablate.execute.train.callbacks import is_number
from ablate.execute.train.compilation import CopiedStep
from ablate.execute.train.step import NoUpdate
from ablate.execute.train.trial_module import CHECKPOINT_KEY, at_least_single


class StackedModule(pl.LightningModule):
    """Members that train as one, each with its own data, order, dropout, clipping and metrics.

    No operation of a step mixes members, so that a NaN stays with its member. Members that have ended (`end`) are still
    computed, but no longer evaluated.

    Raises:
        Unstackable: they cannot be stacked.
    """

    def __init__(self, members: Sequence[Member], *, conv_as_matmul: bool = False) -> None:
        """`conv_as_matmul`: whether convolutions are computed as matrix products."""
        super().__init__()
        self.automatic_optimization = False
        trace = Trace.of(members[0])
        networks = [member.fit.network for member in members]
        if len({(m.chunks.steps, m.chunks.batch_size, m.optimizer) for m in members}) > 1:
            raise Unstackable("its members take different numbers of steps")
        masks = Masks(networks, seeds=[m.dropout for m in members], layers=trace.dropout)
        self.stack = Stack(networks, trained=trace.trained, masks=masks, conv_as_matmul=conv_as_matmul)
        self.stack.check(cast(Tensor, members[0].module.train_inputs)[:CHECKED_EXAMPLES])
        self.data = StackedData([member.module for member in members])
        batch = members[0].chunks.batch_size if trace.dropout else CHECKED_EXAMPLES  # masks have a minibatch's size
        numbers = torch.arange(len(members) * batch).view(len(members), -1)
        examples = len(cast(Tensor, members[0].module.train_inputs))
        self.stack.fold(self.data.at("train", numbers % examples)[0])
        self.metrics = nn.ModuleList(member.module.metrics for member in members)
        losses = {member.loss: member.module.loss for member in members}
        rows = [[i for i, m in enumerate(members) if m.loss == loss] for loss in losses]
        self.loss = StackedLoss(tuple(losses.values()), rows)
        self._optimizer = members[0].optimizer, [member.way for member in members]
        self._schedules = [members[start].schedule for start in runs([member.way for member in members])]
        self._schedule: StackedSchedule | None = None
        self.max_steps = members[0].module.max_steps
        self.register_buffer("clip_norms", torch.tensor([m.clip_norm for m in members]), persistent=False)
        self.clip_norms: Tensor
        self._clips = any(member.clip_norm != float("inf") for member in members)
        self.compilation = members[0].module.compilation
        self._losses_of = losses_of
        self._gradients = GradientRows(self.stack)
        self.steps = 0
        self.active = list(range(len(members)))
        self.responses: list[dict[str, float]] = [{} for _ in members]
        """What each member has logged: the `callback_metrics` of a fit of its own."""
        self._train, self._evaluated = _Mean(), _Mean()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """One optimizer over the whole stack."""
        kind, ways = self._optimizer
        settings, schedules = zip(*ways, strict=True)
        made = stacked(kind, settings, self.stack.numbers, schedules)
        if self.steps and any(self._schedules):  # the optimizer's settings, and what it knows, are loaded after this
            self._schedule = StackedSchedule(made, self._schedules)
            self._schedule.repeat(self.steps)
        return made

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Called by Lightning: the stack is kept by the names of its parameters, wherever they lie in its rows."""
        states = checkpoint["state_dict"]
        checkpoint["state_dict"] = {n: value for n, value in states.items() if not n.startswith("stack.")}
        checkpoint[CHECKPOINT_KEY] = {
            "steps": self.steps,
            "active": self.active,
            "responses": self.responses,
            "stack": self.stack.kept_state(),
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Called by Lightning, before the module is on its device."""
        kept = checkpoint[CHECKPOINT_KEY]
        self.steps, self.active, self.responses = kept["steps"], kept["active"], kept["responses"]
        self.stack.restore(kept["stack"])
        self.strict_loading = False

    @property
    def epochs(self) -> int:
        """Epochs of its fit; the last may be cut short by a budget of steps."""
        return math.ceil(self.budget / self.epoch_steps)

    @property
    def epoch_steps(self) -> int:
        """As of `TrialModule`."""
        return cast(StackedChunks, self.trainer.train_dataloader).steps

    @property
    def budget(self) -> int:
        """As of `TrialModule`."""
        return self.max_steps or cast(int, self.trainer.max_epochs) * self.epoch_steps

    def training_step(self, chunk: Int[Tensor, "steps members batch"], batch_idx: int) -> dict[str, Tensor]:
        """Takes one optimizer step per minibatch of indices; returns each member's mean loss over the chunk."""
        chunk = chunk if self.max_steps is None else chunk[: self.max_steps - self.steps]
        self._losses_of = self.compilation.choose(losses_of, lambda: self._copied_step(chunk[0]))
        means = self.take_steps(cast(torch.optim.Optimizer, self.optimizers(use_pl_optimizer=False)), chunk)
        self._train.add(means, weight=chunk[:, 0].numel())
        if self.steps == self.max_steps:
            self.trainer.should_stop = True
        return {"loss": means}

    def take_steps(self, optimizer: torch.optim.Optimizer, chunk: Int[Tensor, "steps members batch"]) -> Tensor:
        """The optimizer steps of one chunk; returns each member's mean loss, shape (members,)."""
        if self._schedule is None and any(self._schedules):
            self._schedule = StackedSchedule(optimizer, self._schedules)
        leaves = self.stack.leaves()
        trained = list(leaves.values())
        total: Tensor | float = 0.0
        for minibatch in chunk:
            inputs, targets = self.data.at("train", minibatch)
            losses = take_step(
                self.stack.skeleton,
                self.loss,
                self.stack.state(leaves),
                inputs,
                targets,
                leaves=trained,
                gradients=self._gradients,
                optimizer=optimizer,
                clip_norms=self.clip_norms if self._clips else None,
                call=self._losses_of,
            )
            if self._schedule is not None:
                self._schedule.step()
            total = total + at_least_single(losses)
        self.steps += len(chunk)
        return cast(Tensor, total / len(chunk))

    def on_train_epoch_start(self) -> None:
        """Called by Lightning."""
        self._train = _Mean()

    def on_fit_start(self) -> None:
        """Gives the metrics the precision of the predictions, as TrialModule does."""
        inputs = self.data.at("val", self._first)[0]
        like = inputs if inputs.is_floating_point() else next(iter(self.stack.leaves().values()))
        self.metrics.to(at_least_single(like).dtype)

    def on_validation_start(self) -> None:
        """Called by Lightning."""
        self._evaluated = _Mean()

    def on_test_start(self) -> None:
        """Called by Lightning."""
        self.on_fit_start()
        self.on_validation_start()

    def validation_step(self, indices: Int[Tensor, "batch"], batch_idx: int) -> None:
        """Evaluates on the validation splits."""
        self.evaluate("val", indices)

    def test_step(self, indices: Int[Tensor, "batch"], batch_idx: int) -> None:
        """Evaluates on the test splits."""
        self.evaluate("test", indices)

    def on_validation_epoch_end(self) -> None:
        """Called by Lightning."""
        self.log_evaluation("val")

    def on_test_epoch_end(self) -> None:
        """Called by Lightning."""
        self.log_evaluation("test")

    def evaluate(self, split: str, indices: Int[Tensor, "batch"]) -> None:
        """Adds a batch of a split to the loss and the metrics of every active member."""
        inputs, targets = self.data.at(split, indices)
        predictions, wanted = at_least_single(self.stack(inputs, self.stack.leaves())), at_least_single(targets)
        self._evaluated.add(self.loss(predictions, wanted), weight=len(indices))
        for member in self.active:
            self._metrics(member, split).update(predictions[member], wanted[member])

    def log_evaluation(self, split: str) -> None:
        """Writes the loss and the metrics of a split into the active members' responses."""
        losses, found = self._evaluated.mean(), {m: self._metrics(m, split).compute() for m in self.active}
        names = [(m, name) for m, computed in found.items() for name in computed if is_number(computed[name])]
        values = floats([*losses, *(found[m][name] for m, name in names)])
        for member in self.active:
            self.responses[member][f"{split}/loss"] = values[member]
            self._metrics(member, split).reset()
        for (member, name), value in zip(names, values[len(losses) :], strict=True):
            self.responses[member][name] = value

    def log_training(self) -> None:
        """Writes the epoch's mean training loss so far into the active members' responses."""
        losses = self._train.mean().tolist()
        for member in self.active:
            self.responses[member]["train/loss"] = losses[member]

    def member(self, index: int) -> nn.Module:
        """A member's network, as it is now; of a member that has ended, as it was at its end."""
        return self.stack.member(index)

    def end(self, index: int) -> None:
        """Ends a member that has diverged. Its network and its responses stay as they are."""
        self.active.remove(index)
        self.stack.freeze(index)

    def _copied_step(self, minibatch: Int[Tensor, "members batch"]) -> CopiedStep:
        inputs, targets = self.data.at("train", minibatch)
        state, leaves = self.stack.state_copies()
        gradients = GradientRows(self.stack)
        optimizer = stacked(NoUpdate, [{} for _ in range(len(self.stack))], self.stack.numbers)

        def take(call: Callable[..., Tensor]) -> tuple[Tensor, Tensor]:
            losses = take_step(
                self.stack.skeleton,
                self.loss,
                state,
                inputs,
                targets,
                leaves=leaves,
                gradients=gradients,
                optimizer=optimizer,
                call=call,
            )
            return losses, gradients.rows.clone()

        return CopiedStep(
            take=take,
            device=inputs.device,
            kind=f"{self.stack.skeleton} {self.loss} {list(inputs.shape)} {inputs.dtype} {inputs.device}",
        )

    def _metrics(self, member: int, split: str) -> MetricCollection:
        return cast(MetricCollection, cast(nn.ModuleDict, self.metrics[member])[split])

    @property
    def _first(self) -> Tensor:
        return torch.zeros(1, dtype=torch.long, device=self.clip_norms.device)


CHECKED_EXAMPLES = 2
"""Examples of each member on which its network, and folding, are compared with the stack."""


class _Mean:
    """Each member's mean loss, weighted by examples."""

    def __init__(self) -> None:
        self._total: Tensor | float = 0.0
        self._weight = 0

    def add(self, losses: Tensor, *, weight: int) -> None:
        self._total = self._total + losses.detach() * weight
        self._weight += weight

    def mean(self) -> Tensor:
        assert isinstance(self._total, Tensor)
        return self._total / self._weight
