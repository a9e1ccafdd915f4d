"""A plain nn.Module under Lightning: data by their indices, a chunk of optimizer steps per `training_step`."""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast

import pytorch_lightning as pl
import torch
from jaxtyping import Int
from torch import Tensor, nn
from torchmetrics import Metric, MetricCollection

from ablate.data.reading.reader import Reader
from ablate.data.reading.streamed import Streamed
from ablate.data.split import Splits
from ablate.execute.process.resident import ResidentBuffers
from ablate.execute.train.augmentation import Augmentation
from ablate.execute.train.batches import TrainingChunks
from ablate.execute.train.compilation import Compilation, CopiedStep
from ablate.execute.train.optimization.average import average
from ablate.execute.train.optimization.schedule import Schedule, ScheduleFactory
from ablate.execute.train.step import NoUpdate, loss_of, take_step

CHECKPOINT_KEY = "trial"
"""The key of a Lightning checkpoint under which a module writes what is in no `state_dict`."""

DATA = tuple(f"{split}_{what}" for split in ("train", "val", "test") for what in ("inputs", "targets"))


class TrialModule(ResidentBuffers, pl.LightningModule):
    """One network, its loss and its metrics, with the data of its replicate as buffers.

    Buffers follow the module's device and precision, so that no batch is moved during training; other trials of the
    process with the same data find them there. Of a split that is streamed, the targets are buffers, and one input;
    the inputs of its minibatches are read by worker processes. A `training_step` takes one optimizer step for each
    minibatch of its chunk (manual optimization).
    """

    def __init__(
        self,
        *,
        network: nn.Module,
        loss: nn.Module,
        metrics: Mapping[str, Metric],
        optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer],
        splits: Splits,
        gradient_clip_norm: float | None,
        augmentation: Augmentation | None = None,
        compilation: Compilation | None = None,
        schedule: ScheduleFactory | None = None,
        max_steps: int | None = None,
        ema_decay: float | None = None,
    ) -> None:
        """`max_steps`: optimizer steps after which the training ends; None: its Trainer's epochs end it.

        `ema_decay`: of the moving average of the weights that is evaluated; None: the weights themselves are.
        """
        super().__init__()
        self.automatic_optimization = False
        self.network = network
        self.loss = loss
        collection = MetricCollection(dict(metrics))
        self.metrics = nn.ModuleDict({s: collection.clone(prefix=f"{s}/") for s in ("val", "test")})
        self.steps = 0
        self.augmentation = augmentation
        self.compilation = compilation or Compilation(False, steps=0)
        self._optimizer = optimizer
        self.average = None if ema_decay is None else average(network, ema_decay)
        self.make_schedule = schedule
        self._schedule: Schedule | None = None
        self.max_steps = max_steps
        self._clip = gradient_clip_norm
        self._loss_of = loss_of
        self.best = splits.best
        self._streamed: dict[str, Streamed] = {}
        for name, part in (("train", splits.train), ("val", splits.val), ("test", splits.test)):
            if isinstance(part, Streamed):
                self._streamed[name] = part
            inputs = part.first(1)[0] if isinstance(part, Streamed) else part.inputs
            self.register_buffer(f"{name}_inputs", inputs, persistent=False)
            self.register_buffer(f"{name}_targets", part.targets, persistent=False)

    @property
    def is_streamed(self) -> bool:
        """Whether inputs of a split are read as they are used."""
        return bool(self._streamed)

    def minibatches(self, split: str, chunk: Int[Tensor, "steps batch"]) -> Iterator[tuple[Tensor, Tensor]]:
        """The inputs and targets of each minibatch of indices, in new tensors: a network may write into its input."""
        inputs, targets = self._split(split)
        if split not in self._streamed:
            return ((inputs[minibatch], targets[minibatch]) for minibatch in chunk)
        read = self._streamed[split].read(chunk.cpu())
        return ((found.to(inputs), targets[minibatch]) for found, minibatch in zip(read, chunk, strict=True))

    def examples(self, split: str, indices: Int[Tensor, "batch"]) -> tuple[Tensor, Tensor]:
        """The inputs and targets of one minibatch, as `minibatches`."""
        (found,) = self.minibatches(split, indices.unsqueeze(0))
        return found

    def first(self, split: str, count: int) -> Int[Tensor, "examples"]:
        """The indices of the first examples of a split, so many or all that there are."""
        targets = self._split(split)[1]
        return torch.arange(min(count, len(targets)), device=targets.device)

    def probe(self, examples: int) -> tuple[Tensor, Tensor]:
        """The first training examples, shape (examples, *inputs), and their targets."""
        return self.examples("train", self.first("train", examples))

    def keep(self, split: str, indices: Int[Tensor, "examples"]) -> None:
        """Drops all but these examples of a split, which are in memory then."""
        inputs, targets = self.examples(split, indices)
        setattr(self, f"{split}_inputs", inputs)
        setattr(self, f"{split}_targets", targets)
        if split in self._streamed:
            self._streamed.pop(split).close()

    def setup(self, stage: str) -> None:
        """Called by Lightning at the start of a fit or a test, and not yet in its precision: starts the workers."""
        for reader in self._readers():
            reader.start()

    def teardown(self, stage: str) -> None:
        """Called by Lightning at the end of a fit or a test: ends the workers."""
        for reader in self._readers():
            reader.close()

    def _readers(self) -> set[Reader]:
        """What reads streamed splits; those of one pool share theirs."""
        return {part.reader for part in self._streamed.values()}

    @property
    def epoch_steps(self) -> int:
        """Optimizer steps of an epoch of its fit."""
        return cast(TrainingChunks, self.trainer.train_dataloader).steps

    @property
    def budget(self) -> int:
        """Optimizer steps of its fit, unless that ends early."""
        return self.max_steps or cast(int, self.trainer.max_epochs) * self.epoch_steps

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """The optimizer over the network's parameters."""
        made = self._optimizer(self.network.parameters())
        if self.steps and self.make_schedule is not None:  # its settings, and what it knows, are loaded after this
            self._schedule = self.make_schedule(made)
            self._schedule.repeat(self.steps)
        return made

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Called by Lightning: adds what is in no `state_dict`."""
        known = checkpoint["state_dict"]
        checkpoint[CHECKPOINT_KEY] = {
            "steps": self.steps,
            "buffers": {name: value for name, value in self._other_buffers() if name not in known},
            "augmentation": None if self.augmentation is None else self.augmentation.state(),
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Called by Lightning, before the module is on its device."""
        kept = checkpoint[CHECKPOINT_KEY]
        self.steps = kept["steps"]
        buffers = dict(self._other_buffers())
        for name, value in kept["buffers"].items():
            buffers[name].data = value
        if self.augmentation is not None:
            self.augmentation.restore(kept["augmentation"])

    def _other_buffers(self) -> Iterator[tuple[str, Tensor]]:
        """The buffers, apart from the data."""
        return ((name, value) for name, value in self.named_buffers() if name not in DATA)

    def training_step(self, chunk: Int[Tensor, "steps batch"], batch_idx: int) -> dict[str, Tensor]:
        """Takes one optimizer step per minibatch of indices; returns the mean loss over the chunk."""
        chunk = chunk if self.max_steps is None else chunk[: self.max_steps - self.steps]
        self._loss_of = self.compilation.choose(loss_of, lambda: self._copied_step(chunk[0]))
        mean = self.take_steps(cast(torch.optim.Optimizer, self.optimizers(use_pl_optimizer=False)), chunk)
        self.log("train/loss", mean, on_step=False, on_epoch=True, batch_size=chunk.numel())
        if self.steps == self.max_steps:
            self.trainer.should_stop = True
        return {"loss": mean}

    def take_steps(self, optimizer: torch.optim.Optimizer, chunk: Int[Tensor, "steps batch"]) -> Tensor:
        """The optimizer steps of one chunk; returns their mean loss, shape ()."""
        inputs, _ = self._split("train")
        if self.make_schedule is not None and self._schedule is None:
            self._schedule = self.make_schedule(optimizer)
        total = at_least_single(torch.zeros((), device=inputs.device, dtype=precision(inputs, self.network)))
        for read in self.minibatches("train", chunk):
            examples, wanted = read if self.augmentation is None else self.augmentation.minibatch(*read)
            total += take_step(
                self.network,
                self.loss,
                examples,
                wanted,
                optimizer=optimizer,
                clip_norm=self._clip,
                call=self._loss_of,
            )
            if self._schedule is not None:
                self._schedule.step()
            if self.average is not None:
                self.average.update_parameters(self.network)
        self.steps += len(chunk)
        return total / len(chunk)

    def on_fit_start(self) -> None:
        """Gives the metrics the precision of the predictions. Lightning lowers their precision, but never raises it."""
        found = precision(self._split("val")[0], self.network)
        self.metrics.to(at_least_single(torch.zeros(0, dtype=found)).dtype)

    def on_test_start(self) -> None:
        """Called by Lightning."""
        self.on_fit_start()

    def validation_step(self, indices: Int[Tensor, "batch"], batch_idx: int) -> None:
        """Evaluates on the validation split."""
        self._evaluate("val", indices)

    def test_step(self, indices: Int[Tensor, "batch"], batch_idx: int) -> None:
        """Evaluates on the test split."""
        self._evaluate("test", indices)

    def predict_step(self, indices: Int[Tensor, "batch"], batch_idx: int) -> Tensor:
        """The predictions of training examples, in evaluation."""
        return self._evaluated(self.examples("train", indices)[0])

    def _evaluated(self, inputs: Tensor) -> Tensor:
        """The predictions of what is evaluated: of the network, or of the average of its weights."""
        return (self.network if self.average is None else self.average)(inputs)

    def _evaluate(self, split: str, indices: Tensor) -> None:
        examples, targets = self.examples(split, indices)
        predictions, wanted = at_least_single(self._evaluated(examples)), at_least_single(targets)
        metrics = cast(MetricCollection, self.metrics[split])
        metrics.update(predictions, wanted)
        self.log(f"{split}/loss", self.loss(predictions, wanted), on_epoch=True, batch_size=len(indices))
        self.log_dict(cast(dict[str, Any], metrics), on_epoch=True, batch_size=len(indices))

    def _copied_step(self, minibatch: Int[Tensor, "batch"]) -> CopiedStep:
        inputs, targets = self.examples("train", minibatch)
        network, loss = copy.deepcopy((self.network, self.loss))
        optimizer = NoUpdate(network.parameters())

        def take(call: Callable[..., Tensor]) -> tuple[Tensor, Tensor]:
            value = take_step(network, loss, inputs, targets, optimizer=optimizer, call=call)
            return value, torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])

        return CopiedStep(
            take=take,
            device=inputs.device,
            kind=f"{network} {loss} {list(inputs.shape)} {inputs.dtype} {inputs.device}",
        )

    def _split(self, name: str) -> tuple[Tensor, Tensor]:
        return cast(Tensor, getattr(self, f"{name}_inputs")), cast(Tensor, getattr(self, f"{name}_targets"))


def precision(inputs: Tensor, network: nn.Module) -> torch.dtype:
    """The type that a network computes in: that of its inputs, or of its parameters where these are token ids."""
    if inputs.is_floating_point():
        return inputs.dtype
    return next((each.dtype for each in network.parameters() if each.is_floating_point()), torch.float32)


def at_least_single(values: Tensor) -> Tensor:
    """Floating-point values in at least 32 bits: a mean in bfloat16 has two digits."""
    return values.to(torch.promote_types(values.dtype, torch.float32)) if values.is_floating_point() else values
