"""A user-defined LightningModule with its LightningDataModule: two classes, inside and outside a ring."""

import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split


class RingClassifier(pl.LightningModule):
    """Two dense layers with batch norm and dropout."""

    def __init__(self, width: int, dropout: float, lr: float) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.layers = nn.Sequential(
            nn.Linear(2, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, 2)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)

    def training_step(self, batch: list[torch.Tensor], index: int) -> torch.Tensor:
        x, y = batch
        loss = nn.functional.cross_entropy(self(x), y)
        self.log("train/loss", loss)
        return loss

    def validation_step(self, batch: list[torch.Tensor], index: int) -> None:
        x, y = batch
        self.log("val/loss", nn.functional.cross_entropy(self(x), y))

    def test_step(self, batch: list[torch.Tensor], index: int) -> None:
        x, y = batch
        output = self(x)
        self.log("test/loss", nn.functional.cross_entropy(output, y))
        self.log("test/accuracy", (output.argmax(1) == y).double().mean())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=self.hparams["lr"])


class Rings(pl.LightningDataModule):
    """Points of a plane, drawn and split from the generators as the trial has seeded them."""

    def __init__(self, examples: int, batch_size: int) -> None:
        super().__init__()
        self.examples, self.batch_size = examples, batch_size

    def setup(self, stage: str | None) -> None:
        x = torch.rand(self.examples, 2, dtype=torch.float64) * 4 - 2
        self.parts = random_split(TensorDataset(x, (x.norm(dim=1) > 1.2).long()), [0.5, 0.25, 0.25])

    def train_dataloader(self) -> DataLoader:
        return DataLoader(self.parts[0], batch_size=self.batch_size, shuffle=True)

    def val_dataloader(self) -> DataLoader:
        return DataLoader(self.parts[1], batch_size=self.batch_size)

    def test_dataloader(self) -> DataLoader:
        return DataLoader(self.parts[2], batch_size=self.batch_size)
