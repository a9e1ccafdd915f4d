"""Modules as public repositories have them: one is given its net and optimizer, and one steps two by hand."""

import pytest

pytestmark = pytest.mark.numeric

GIVEN = """
from typing import Any, Callable

import torch
from pytorch_lightning import LightningModule
from torch import nn
from torchmetrics import MaxMetric, MeanMetric
from torchmetrics.classification import MulticlassAccuracy


class DenseNet(nn.Module):
    def __init__(self, input_size: int = 48, hidden: int = 16, classes: int = 10) -> None:
        super().__init__()
        self.model = nn.Sequential(
            nn.Linear(input_size, hidden), nn.BatchNorm1d(hidden), nn.ReLU(),
            nn.Linear(hidden, hidden), nn.BatchNorm1d(hidden), nn.ReLU(),
            nn.Linear(hidden, classes),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.model(x.flatten(1))


class Classifier(LightningModule):
    def __init__(
        self, net: nn.Module, optimizer: Callable[..., Any], scheduler: Callable[..., Any] | None, classes: int
    ) -> None:
        super().__init__()
        self.save_hyperparameters(logger=False, ignore=["net"])
        self.net = net
        self.criterion = nn.CrossEntropyLoss()
        self.accuracies = nn.ModuleDict({s: MulticlassAccuracy(classes) for s in ("train_", "val_", "test_")})
        self.losses = nn.ModuleDict({s: MeanMetric() for s in ("train_", "val_", "test_")})
        self.best = MaxMetric()

    def forward(self, x):
        return self.net(x)

    def on_train_start(self):
        self.best.reset()

    def _step(self, batch, split):
        x, y = batch
        logits = self(x)
        loss = self.criterion(logits, y)
        self.losses[f"{split}_"](loss)
        self.accuracies[f"{split}_"](logits.argmax(1), y)
        self.log(f"{split}/loss", self.losses[f"{split}_"], on_step=False, on_epoch=True)
        self.log(f"{split}/acc", self.accuracies[f"{split}_"], on_step=False, on_epoch=True)
        return loss

    def training_step(self, batch, index):
        return self._step(batch, "train")

    def validation_step(self, batch, index):
        self._step(batch, "val")

    def on_validation_epoch_end(self):
        self.best(self.accuracies["val_"].compute())
        self.log("val/acc_best", self.best.compute())

    def test_step(self, batch, index):
        self._step(batch, "test")

    def configure_optimizers(self):
        optimizer = self.hparams.optimizer(params=self.parameters())
        if self.hparams.scheduler is None:
            return optimizer
        scheduler = self.hparams.scheduler(optimizer=optimizer)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "monitor": "val/loss"}}
"""

GIVEN_YAML = """
    _target_: classifier.Classifier
    net: {_target_: classifier.DenseNet, input_size: 48, hidden: 16}
    optimizer: {_target_: torch.optim.Adam, _partial_: true, lr: 0.01}
    scheduler: {_target_: torch.optim.lr_scheduler.ReduceLROnPlateau, _partial_: true, mode: min, patience: 1}
    classes: 10
"""

ADVERSARIAL = '''
import torch
from pytorch_lightning import LightningModule
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy


class Adversarial(LightningModule):
    """Generator and discriminator, each with its own optimizer, stepped by hand."""

    def __init__(self, latent: int = 4, width: int = 8, lr: float = 0.01) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.automatic_optimization = False
        self.generator = nn.Sequential(nn.Linear(latent, width), nn.LeakyReLU(0.2), nn.Linear(width, 48), nn.Tanh())
        self.discriminator = nn.Sequential(nn.Flatten(), nn.Linear(48, width), nn.LeakyReLU(0.2), nn.Linear(width, 1))

    def forward(self, z):
        return self.generator(z).view(-1, 3, 4, 4)

    def training_step(self, batch, index):
        real, _ = batch
        for_generator, for_discriminator = self.optimizers()
        fake = self(torch.randn(len(real), self.hparams.latent))
        self.toggle_optimizer(for_generator)
        loss = cross_entropy(self.discriminator(fake), torch.ones(len(real), 1))
        for_generator.zero_grad()
        self.manual_backward(loss)
        for_generator.step()
        self.untoggle_optimizer(for_generator)
        self.toggle_optimizer(for_discriminator)
        scores = self.discriminator(torch.cat([real, fake.detach()]))
        told = cross_entropy(scores, torch.cat([torch.ones(len(real), 1), torch.zeros(len(real), 1)]))
        for_discriminator.zero_grad()
        self.manual_backward(told)
        for_discriminator.step()
        self.untoggle_optimizer(for_discriminator)
        self.log_dict({"g_loss": loss, "d_loss": told})

    def validation_step(self, batch, index):
        self.log("val_d", self.discriminator(batch[0]).sigmoid().mean())

    def configure_optimizers(self):
        nets = self.generator, self.discriminator
        return [torch.optim.Adam(net.parameters(), lr=self.hparams.lr, betas=(0.5, 0.999)) for net in nets], []
'''


def data(sizes):
    """A data module of images that are drawn anew for each set."""
    lines = ["_target_: pytorch_lightning.LightningDataModule.from_datasets", "batch_size: 16"]
    for number, (name, size) in enumerate(sizes.items()):
        lines += [
            f"{name}_dataset:",
            "  _target_: torchvision.datasets.FakeData",
            f"  size: {size}",
            "  image_size: [3, 4, 4]",
            f"  random_offset: {1000 * number}",
            "  transform: {_target_: torchvision.transforms.ToTensor}",
        ]
    return "\n".join(f"    {line}" for line in lines)


EDITS = {
    "activation": {
        "reference": "relu",
        "levels": {"relu": {}, "gelu": {"model.edit": {"replace": {"ReLU": "GELU"}}}},
    },
    "norm": {
        "reference": "batch",
        "levels": {
            "batch": {},
            "layer": {
                "model.edit": {
                    "replace": {"BatchNorm1d": {"_target_": "torch.nn.LayerNorm", "normalized_shape": "@num_features"}}
                }
            },
        },
    },
}


@pytest.fixture
def given(write, study):
    write("classifier.py", GIVEN)

    def make(**about):
        study(
            model=GIVEN_YAML,
            data=data({"train": 64, "val": 20, "test": 40}),
            trainer={"max_epochs": 2},
            response={"name": "test/acc", "better": "higher", "trivial": 0.1},
            **about,
        )

    return make


def test_a_module_that_is_given_its_net_is_edited(given, trained):
    given(factor=EDITS)
    points = trained()
    assert points.keys() == {(a, n) for a in ("relu", "gelu") for n in ("batch", "layer")}
    for records in points.values():
        for record in records:
            assert {"train/loss", "val/loss", "val/acc", "val/acc_best", "test/acc"} <= record.responses.keys()
            assert record.counts.steps == 2 * 4
    assert len({tuple(r.responses.values()) for records in points.values() for r in records}) == 8


def test_its_layers_are_left_out_one_by_one_with_their_lesions(given, trained):
    given(factor={}, design="leave_one_out", components=["net.model.2", "net.model.5"], lesion=True)
    points = trained()
    assert len(points) == 3
    (full,) = [records for records in points.values() if records[0].lesions]
    assert [sorted(record.lesions) for record in full] == [["net.model.2=out", "net.model.5=out"]] * 2
    for record in full:
        for kinds in record.lesions.values():
            assert {"identity", "zero", "mean", "resample"} == kinds.keys()
            assert all("test/acc" in values for values in kinds.values())


def test_a_module_of_two_optimizers_that_steps_them_by_hand(write, study, trained):
    write("adversarial.py", ADVERSARIAL)
    study(
        model="\n_target_: adversarial.Adversarial\nlatent: 4\nwidth: 8\nlr: 0.01\n",
        data=data({"train": 64, "val": 20}),
        factor={
            "latent": {"reference": "4", "levels": {"4": ["model.latent=4"], "8": ["model.latent=8"]}},
            "slope": {
                "reference": "leaky",
                "levels": {"leaky": {}, "relu": {"model.edit": {"replace": {"LeakyReLU": "ReLU"}}}},
            },
        },
        trainer={"max_epochs": 2},
        response={"name": "val_d", "better": "higher", "trivial": 0.5},
    )
    points = trained()
    assert len(points) == 4
    for records in points.values():
        for record in records:
            assert {"g_loss", "d_loss", "val_d"} <= record.responses.keys()
            assert record.counts.steps == 2 * 2 * 4  # of each optimizer
    assert len({r.responses["d_loss"] for records in points.values() for r in records}) == 8
