import csv
import signal

import pytest
import pytorch_lightning as pl
import torch

from ablate.errors import ConfigError
from ablate.execute.process.isolation import isolated_process
from ablate.execute.stack.member import Member
from ablate.execute.stack.unstackable import Unstackable
from ablate.execute.train.callbacks import Divergence, stopping
from ablate.execute.train.trainer import trainer
from ablate.plan.seeds import streams


def test_a_curve_has_a_row_per_epoch_and_a_column_per_response(resolve, train):
    done = train(resolve("trainer.max_epochs=3"))
    rows = list(csv.DictReader(done.curve.splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert set(rows[0]) == {"epoch", "train/loss", "val/loss", "val/accuracy"}
    assert all(float(row["val/loss"]) > 0 for row in rows)
    assert len({row["train/loss"] for row in rows}) == 3


def test_a_response_that_an_epoch_did_not_log_is_empty(resolve, train):
    done = train(resolve("trainer.max_epochs=2", "+trainer.lightning.check_val_every_n_epoch=2"))
    first, second = csv.DictReader(done.curve.splitlines())
    assert first["val/loss"] == ""
    assert float(second["val/loss"]) > 0


@pytest.mark.parametrize(
    ("budget", "epochs"),
    [(("trainer.max_epochs=3",), 3), (("trainer.max_epochs=null", "trainer.max_steps=3", "data.batch_size=1"), 1)],
    ids=["epochs", "steps, within an epoch"],
)
def test_the_last_epoch_is_evaluated_whatever_the_interval(resolve, train, budget, epochs):
    rows = list(
        csv.DictReader(train(resolve(*budget, "+trainer.lightning.check_val_every_n_epoch=2")).curve.splitlines())
    )
    assert len(rows) == epochs
    assert [float(row["val/loss"] or 0) > 0 for row in rows] == [
        number in (2, epochs) for number in range(1, epochs + 1)
    ]


@pytest.mark.parametrize("patience", [1, 3])
def test_a_training_ends_after_epochs_without_a_lower_loss(resolve, train, patience):
    done = train(resolve("trainer.max_epochs=60", "optimizer.lr=0.05"), callbacks=stopping(patience))
    losses = [float(row["train/loss"]) for row in csv.DictReader(done.curve.splitlines())]
    best = losses.index(min(losses))
    assert len(losses) == best + 1 + patience < 60
    waits = [k - losses.index(min(losses[: k + 1])) for k in range(len(losses))]
    assert max(waits[:-1]) < patience == waits[-1]
    assert done.fit.module.steps == len(losses) * done.fit.data["train_dataloaders"].steps


def test_the_budget_still_ends_a_training_that_has_patience(resolve, train):
    done = train(resolve("trainer.max_epochs=2"), callbacks=stopping(50))
    assert len(list(csv.DictReader(done.curve.splitlines()))) == 2
    assert stopping(None) == ()


def test_a_training_with_patience_trains_alone(resolve):
    with pytest.raises(Unstackable, match=r"its own loss no longer falls, trainer\.patience"):
        Member.of(resolve("trainer.patience=2"), streams(0, 0))


def test_ones_own_lightning_module_brings_its_own_end(own, resolve, tmp_path):
    with pytest.raises(ConfigError, match=r"trainer\.patience would be ignored"):
        trainer(resolve("trainer.patience=2", study="own"), user_defined=True, callbacks=(), folder=tmp_path)


class Fake:
    current_epoch = 2
    world_size = 1
    should_stop = False


@pytest.mark.parametrize(
    ("outputs", "ends"),
    [
        ({"loss": torch.tensor(3.0)}, False),
        ({"loss": torch.tensor(-9.9)}, False),
        ({"loss": torch.tensor(10.5)}, True),
        ({"loss": torch.tensor(-10.5)}, True),
        ({"loss": torch.tensor(float("nan"))}, True),
        ({"loss": torch.tensor(float("inf"))}, True),
        (torch.tensor(11.0), True),
        (torch.tensor(1.0), False),
        (None, False),
        ({}, False),
    ],
)
def test_a_loss_that_leaves_its_bounds_ends_the_training(outputs, ends):
    watched, trainer = Divergence(10.0), Fake()
    watched.on_train_batch_end(trainer, None, outputs, None, 0)
    assert trainer.should_stop is ends
    assert (watched.reason is not None) is ends
    assert not ends or "epoch 3 (bound 10)" in watched.reason


def test_the_first_reason_stays():
    watched, trainer = Divergence(10.0), Fake()
    for loss in (11.0, float("nan")):
        watched.on_train_batch_end(trainer, None, {"loss": torch.tensor(loss)}, None, 0)
    assert "11" in watched.reason


class CtrlC(pl.Callback):
    def on_train_batch_start(self, *arguments):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("study", ["smoke", "own"])
def test_ctrl_c_stays_ctrl_c(own, resolve, train, study):
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train(resolve(study=study), callbacks=(CtrlC(),))
    assert signal.getsignal(signal.SIGINT) is before
    with isolated_process(threads=1), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
