"""What does Lightning cost per step? One member, as a trial trains it, against a bare loop on resident tensors.

Beside it stands Lightning as it comes: a Trainer with its own defaults but for what it prints, a DataLoader that
fetches example by example, `self.log`, Adam as torch would have it, and a checkpoint an epoch; Adam is fused elsewhere.
All take the same 2010 steps of the same network, on one thread: 134 epochs of the digits. Nothing is validated;
building and initialising are apart. In double precision, over 60 steps, losses agree to 1e-9, or there is no ratio.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, TensorDataset

from ablate import study
from ablate.execute.process.isolation import isolated_process
from ablate.execute.train.callbacks import Curve, Divergence
from ablate.execute.train.fit import Fit, prepare
from ablate.execute.train.trainer import trainer
from ablate.execute.train.trial_module import TrialModule
from ablate.plan import Trial
from tests.benchmarks._goal import Goal
from tests.benchmarks._plain import HERE
from tests.benchmarks.peers.classifier import Classifier, Order

EPOCHS, CHECKED_EPOCHS = 134, 4
AGREE = 1e-9
NETWORKS = {"dense": ("mlp", 1.10, 5), "conv": ("simple_resnet", 1.03, 4)}
"""Kind → model, goal, repetitions (a conv net takes half a minute for all sides)."""

Side = Callable[[Trial, Fit], Callable[[], list[float]]]
"""Makes ready what takes all steps of a trial, and returns the mean loss of every epoch."""


def goals() -> Iterator[Goal]:
    """For each kind of network a goal, and Lightning as it comes for comparison."""
    for kind, (model, bound, repetitions) in NETWORKS.items():
        check(model)
        trial = _trial(model, EPOCHS)
        sides = (_lightning, _bare, _default)
        seconds: dict[Side, list[float]] = {side: [] for side in sides}
        for repetition in range(repetitions):
            for side in sides if repetition % 2 == 0 else sides[::-1]:
                seconds[side].append(_timed(side, trial)[0])
        steps = EPOCHS * 15
        each = {side: 1e3 * statistics.median(values) / steps for side, values in seconds.items()}
        for side, against, goal in (
            (_bare, "a bare loop on resident tensors", bound),
            (_default, "Lightning as it comes", None),
        ):
            yield Goal(
                name=f"step time, one member, {steps} steps, {kind}",
                against=against,
                bound=goal,
                best="least",
                values=tuple(a / b for a, b in zip(seconds[_lightning], seconds[side], strict=True)),
                note=f"{each[_lightning]:.2f} and {each[side]:.2f} ms",
            )


def check(model: str) -> None:
    """Raises RuntimeError where the sides do not compute the same thing."""
    trial = _trial(model, CHECKED_EPOCHS, "trainer.precision=64-true")
    (_, ours), *others = (_timed(side, trial) for side in (_lightning, _bare, _default))
    for _, theirs in others:
        if len(ours) != len(theirs) or not torch.allclose(torch.tensor(ours), torch.tensor(theirs), rtol=AGREE, atol=0):
            raise RuntimeError(f"{model}: losses disagree, {ours} and {theirs}: there is no ratio.")


def _trial(model: str, epochs: int, *words: str) -> Trial:
    small = (
        "plain",
        f"model={model}",
        "optimizer.lr=0.001,0.002",
        "replicates=1",
    )
    planned = study.plan([*small, *words, "trainer.accelerator=cpu", f"trainer.max_epochs={epochs}"], cwd=HERE)
    trial = planned.trials[0]
    return replace(trial, config=trial.config.with_settings("trainer", lightning={"limit_val_batches": 0}))


def _timed(side: Side, trial: Trial) -> tuple[float, list[float]]:
    """Seconds of the steps, and the mean loss of every epoch."""
    with isolated_process(threads=1):
        take = side(trial, prepare(trial.config, trial.streams))
        began = time.perf_counter()
        losses = take()
        return time.perf_counter() - began, losses


class _Losses(Curve):
    """The mean training loss of every epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.values: list[float] = []

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        super().on_train_epoch_end(trainer, pl_module)
        self.values.append(float(trainer.callback_metrics["train/loss"]))


def _lightning(trial: Trial, fit: Fit) -> Callable[[], list[float]]:
    losses = _Losses()
    with tempfile.TemporaryDirectory() as folder:
        made = trainer(trial.config, user_defined=False, callbacks=(losses, Divergence(1e6)), folder=Path(folder))

    def take() -> list[float]:
        made.fit(fit.module, **fit.data)
        return losses.values

    return take


def _bare(trial: Trial, fit: Fit) -> Callable[[], list[float]]:
    module = fit.module
    assert isinstance(module, TrialModule)
    if trial.config.trainer.settings.precision == "64-true":
        module.double()
    network, loss_of, batch = module.network, module.loss, trial.config.data.description.batch_size
    inputs, targets = module.probe(len(module.train_inputs))
    optimizer = torch.optim.Adam(network.parameters(), lr=trial.config.optimizer["lr"], fused=True)
    generator = torch.Generator().manual_seed(trial.streams.order)

    def take() -> list[float]:
        means = []
        for _ in range(trial.config.trainer.settings.max_epochs):
            order = torch.randperm(len(inputs), generator=generator)
            total = torch.zeros((), dtype=inputs.dtype)
            minibatches = order[: len(inputs) // batch * batch].view(-1, batch)
            for minibatch in minibatches:
                loss = loss_of(network(inputs[minibatch]), targets[minibatch])
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
                total += loss.detach()
            means.append(float(total) / len(minibatches))
        return means

    return take


class _Means(pl.Callback):
    """As `_Losses`, of a module that logs for itself."""

    def __init__(self) -> None:
        self.values: list[float] = []

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.values.append(float(trainer.callback_metrics["train/loss"]))


def _default(trial: Trial, fit: Fit) -> Callable[[], list[float]]:
    assert isinstance(fit.module, TrialModule)
    settings, means = trial.config.trainer.settings, _Means()
    folder = tempfile.TemporaryDirectory()
    made = pl.Trainer(
        accelerator="cpu",
        max_epochs=settings.max_epochs,
        precision=settings.precision,
        callbacks=[means],
        default_root_dir=folder.name,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    examples = TensorDataset(*fit.module.probe(len(fit.module.train_inputs)))
    loader = DataLoader(
        examples,
        batch_size=trial.config.data.description.batch_size,
        sampler=Order(len(examples), trial.streams.order),
        drop_last=True,
    )
    module = Classifier(fit.module.network, trial.config.optimizer["lr"], fused=False)

    def take() -> list[float]:
        with folder:
            made.fit(module, loader)
        return means.values

    return take


if __name__ == "__main__":
    from tests.benchmarks._results import report

    report(["step"])
