"""A LightningModule, and a LightningDataModule whose DataLoader has a process of its own."""

import multiprocessing
import os
import subprocess
import time
from pathlib import Path

import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, get_worker_info


class Net(pl.LightningModule):
    def __init__(self, width: int = 8, lr: float = 0.1, starts_program: bool = False):
        super().__init__()
        self.lr, self.starts_program = lr, starts_program
        self.layers = nn.Sequential(nn.Linear(6, width), nn.ReLU(), nn.Linear(width, 1))

    def forward(self, x):
        return self.layers(x)

    def on_fit_start(self):
        if self.starts_program and is_of_a_trial(self.trainer):
            noted(subprocess.Popen(["sleep", "86400"]).pid)

    def training_step(self, batch, batch_idx):
        x, y = batch
        return nn.functional.mse_loss(self(x), y)

    def test_step(self, batch, batch_idx):
        x, y = batch
        self.log("test/mse", nn.functional.mse_loss(self(x), y))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.lr)


class Examples(Dataset):
    def __init__(self, first: int, count: int, pause: float):
        self.first, self.count, self.pause = first, count, pause

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        if self.pause and get_worker_info() is not None:
            noted(os.getpid())
            time.sleep(self.pause)
        x = torch.linspace(-1, 1, 6).mul(self.first + index).sin()
        return x, x.sum(0, keepdim=True)


class Data(pl.LightningDataModule):
    def __init__(self, pause: float = 0.0, workers: int = 1):
        super().__init__()
        self.pause, self.workers = pause, workers

    def setup(self, stage):
        Path("start-method").write_text(multiprocessing.get_start_method())

    def train_dataloader(self):
        pause = self.pause if is_of_a_trial(self.trainer) else 0.0
        return DataLoader(Examples(0, 40, pause), batch_size=10, num_workers=self.workers)

    def test_dataloader(self):
        return DataLoader(Examples(40, 20, 0.0), batch_size=10, num_workers=self.workers)


def is_of_a_trial(trainer):
    """Not of the measurements before the first trial."""
    return Path(trainer.default_root_dir).parent.name == "trials"


def noted(pid):
    Path("started").mkdir(exist_ok=True)
    Path("started", str(pid)).touch()
