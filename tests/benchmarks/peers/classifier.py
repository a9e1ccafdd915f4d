"""What a person would write instead of a study: a LightningModule, its data, and a function that trains one network.

It trains what ablate trains: the same class of network with the same initial weights, the same examples in the same
splits, the same minibatches in the same order, the same optimizer for the same epochs, validated after each and tested
at the end; so that losses agree but for rounding. It takes the network, the data and the streams from `ablate`, and
nothing else.

How it is tuned: one thread; no checkpoints, progress bar, model summary, logger or sanity check; minibatches come from
tensors in memory, whole and in this process; the loss is logged once an epoch, never by step; Adam is fused; one batch
tests.
"""

import logging
import warnings
from collections.abc import Iterator

import pytorch_lightning as pl
import torch
from hydra.utils import instantiate
from omegaconf import DictConfig
from torch import Tensor, nn
from torch.utils.data import BatchSampler, DataLoader, Sampler, TensorDataset
from torchmetrics.classification import MulticlassAccuracy

from ablate.data import digits
from ablate.data.source import Arrays
from ablate.data.split import split
from ablate.plan.seeds import streams


class Classifier(pl.LightningModule):
    """A network, cross-entropy, Adam: fused, or as torch would have it."""

    def __init__(self, network: nn.Module, lr: float, *, fused: bool = True) -> None:
        super().__init__()
        self.network = network
        self.lr = lr
        self.fused = fused or None
        self.loss = nn.CrossEntropyLoss()
        self.accuracy = nn.ModuleDict({s: MulticlassAccuracy(10, average="micro") for s in ("val", "test")})

    def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> Tensor:
        inputs, targets = batch
        loss = self.loss(self.network(inputs), targets)
        self.log("train/loss", loss, on_step=False, on_epoch=True, batch_size=len(targets))
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], index: int) -> None:
        self._evaluate("val", batch)

    def test_step(self, batch: tuple[Tensor, Tensor], index: int) -> None:
        self._evaluate("test", batch)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=self.lr, fused=self.fused)

    def _evaluate(self, name: str, batch: tuple[Tensor, Tensor]) -> None:
        inputs, targets = batch
        predictions = self.network(inputs)
        self.accuracy[name].update(predictions, targets)
        self.log(f"{name}/loss", self.loss(predictions, targets), batch_size=len(targets))
        self.log(f"{name}/accuracy", self.accuracy[name], batch_size=len(targets))


class Order(Sampler[int]):
    """A new permutation an epoch, from a generator of its own (RandomSampler would draw twice an epoch)."""

    def __init__(self, examples: int, seed: int) -> None:
        self._examples = examples
        self._generator = torch.Generator().manual_seed(seed)

    def __len__(self) -> int:
        return self._examples

    def __iter__(self) -> Iterator[int]:
        yield from torch.randperm(self._examples, generator=self._generator).tolist()


def trained(config: DictConfig, folder: str) -> dict[str, float]:
    """Trains one network and returns the responses that it ends at."""
    torch.set_num_threads(1)
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")  # too few workers, no logger: as chosen
    drawn = streams(config.seed, config.replicate)
    network = instantiate(config.model)
    network.initialise(drawn.initialisation)
    torch.manual_seed(drawn.dropout)
    splits = split(digits(), seed=drawn.split)
    minibatches = BatchSampler(Order(len(splits.train), drawn.order), batch_size=64, drop_last=True)
    trainer = pl.Trainer(
        **config.trainer,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        default_root_dir=folder,
    )
    module = Classifier(network, config.optimizer.lr)
    trainer.fit(
        module,
        DataLoader(_examples(splits.train), sampler=minibatches, batch_size=None),
        DataLoader(_examples(splits.val), batch_size=len(splits.val)),
    )
    found = dict(trainer.callback_metrics)
    trainer.test(module, DataLoader(_examples(splits.test), batch_size=len(splits.test)), verbose=False)
    return {name: float(value) for name, value in (found | dict(trainer.callback_metrics)).items()}


def _examples(arrays: Arrays) -> TensorDataset:
    return TensorDataset(arrays.inputs, arrays.targets)
