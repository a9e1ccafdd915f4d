"""A training that was ended in its midst goes on, and comes to what an undisturbed one comes to."""

from dataclasses import replace
from importlib.util import find_spec

import pytest
import torch

from ablate.config.load import load
from ablate.design import DesignPoint
from ablate.execute.bundle import run_bundle
from ablate.execute.train.checkpoint import keeper
from ablate.execute.train.job import Job
from ablate.plan import Bundle, Trial, streams, trial_id
from ablate.store import StudyDirectory
from ablate.store.progress import STATE, progress_in

pytestmark = pytest.mark.numeric

EVERY_EPOCH = 1e-9

WORDS = ("smoke", "trainer.accelerator=cpu", "trainer.max_epochs=5", "data.limit=120", "data.batch_size=20")

LIGHTNING = '''"""A LightningModule with a DataModule that shuffles, and a schedule of its own."""
import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

class Data(pl.LightningDataModule):
    def __init__(self):
        super().__init__()
        x = torch.randn(80, 5)
        self.sets = [TensorDataset(x, x.sum(1, keepdim=True)) for _ in range(3)]
    def train_dataloader(self):
        return DataLoader(self.sets[0], batch_size=16, shuffle=True)
    def val_dataloader(self):
        return DataLoader(self.sets[1], batch_size=40)
    def test_dataloader(self):
        return DataLoader(self.sets[2], batch_size=40)

class Plain(nn.Module):
    def __init__(self, inputs, outputs, rate=0.3):
        super().__init__()
        self.body = nn.Sequential(
            nn.Flatten(), nn.Linear(64, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Dropout(rate), nn.Linear(12, outputs)
        )
        self.register_buffer("seen", torch.zeros(()), persistent=False)
    def forward(self, x):
        if self.training:
            self.seen = self.seen + 1
        return self.body(x) * (1 + self.seen / 100)

class Odd(pl.Callback):
    def __init__(self, kept):
        self.kept = kept
    def state_dict(self):
        return {"kept": self.kept}

def function():
    return lambda: None

class Net(pl.LightningModule):
    def __init__(self, width=8):
        super().__init__()
        self.save_hyperparameters()
        self.body = nn.Sequential(
            nn.Linear(5, width), nn.BatchNorm1d(width), nn.Dropout(), nn.ReLU(), nn.Linear(width, 1)
        )
    def _loss(self, batch):
        return nn.functional.mse_loss(self.body(batch[0]), batch[1])
    def training_step(self, batch, _):
        loss = self._loss(batch)
        self.log("train/loss", loss, on_step=False, on_epoch=True)
        return loss
    def validation_step(self, batch, _):
        self.log("val/mse", self._loss(batch))
    def test_step(self, batch, _):
        self.log("test/mse", self._loss(batch))
    def configure_optimizers(self):
        made = torch.optim.Adam(self.parameters(), lr=0.01)
        return [made], [torch.optim.lr_scheduler.StepLR(made, 2)]
'''

PLAIN = {"_target_": "checkpointed.Plain", "inputs": [8, 8], "outputs": 10}

OWN_LIGHTNING = {
    "model": {"_target_": "checkpointed.Net"},
    "data": {"_target_": "checkpointed.Data"},
    "objective": None,
    "optimizer": None,
}

ALONE = {
    "dropout and momentum": ("optimizer=sgd", "optimizer.momentum=0.9"),
    "a schedule with a warm-up": ("scheduler=cosine", "scheduler.warmup=10%"),
    "a schedule by epochs": ("scheduler=step", "scheduler.interval=epoch"),
    "averaged weights": ("trainer.ema_decay=0.9",),
    "patience": ("trainer.patience=3",),
    "a budget of steps": ("trainer.max_epochs=null", "trainer.max_steps=9", "data.batch_size=10"),
    "validation every second epoch": ("+trainer.lightning.check_val_every_n_epoch=2",),
    "augmented images": ("data=digits", "model=mlp", "data.augmentation.mixup=0.2"),
    "normalised": ("model.norm=batch",),
    "double precision": ("trainer.precision=64-true",),
}


class StoppedError(BaseException):
    """Ends a training as the death of its process does."""


@pytest.fixture
def make_job(tmp_path, monkeypatch):
    """A job of so many replicates of a training, with a checkpoint at every epoch."""
    (tmp_path / "checkpointed.py").write_text(LIGHTNING)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)

    def make(*words, replicates=1, name="study", stacked=False, groups=None):
        config = load([*WORDS, *words], tmp_path).resolve({}, []).with_groups(**(groups or {}))
        trials = tuple(
            Trial(
                id=trial_id(config, seed=0, replicate=r),
                study="kept",
                point=DesignPoint(levels={"factor": "level"}),
                replicate=r,
                seed=0,
                streams=streams(0, r),
                config=config,
            )
            for r in range(replicates)
        )
        return Job(
            bundle=Bundle(trials=trials, stacked=stacked),
            directory=tmp_path / name,
            sources=("cafe",) * replicates,
            commit=None,
            keeps_weights=True,
            checkpoint_min=EVERY_EPOCH,
        )

    return make


@pytest.fixture
def stopped(monkeypatch):
    """Trains until the state at an epoch is on disk, and no further."""

    def stop(job, *, at):
        written = keeper.keep

        def keep(folder, progress, state):
            written(folder, progress, state)
            if progress.epoch == at:
                raise StoppedError

        with monkeypatch.context() as patch:
            patch.setattr(keeper, "keep", keep)
            patch.setattr("ablate.execute.bundle._raise_signals", raise_again)
            with pytest.raises(StoppedError):
                run_bundle(job, engine="inline", threads=1)
        return progress_in(StudyDirectory(job.directory).trial(job.bundle.trials[0].id))

    return stop


@pytest.fixture
def goes_on(monkeypatch):
    """Trains to the end; returns the epochs at which a checkpoint was written."""

    def go_on(job):
        epochs, written = [], keeper.keep
        with monkeypatch.context() as patch:
            patch.setattr(keeper, "keep", lambda *given: (epochs.append(given[1].epoch), written(*given)))
            patch.setattr("ablate.execute.bundle._raise_signals", raise_again)  # a stack that fails hides why
            run_bundle(job, engine="inline", threads=1)
        return epochs

    return go_on


def raise_again(error):
    raise error


def found(job):
    """All that a training leaves which does not depend on the clock."""
    directory = StudyDirectory(job.directory)
    for trial in job.bundle.trials:
        record, folder = directory.record(trial.id), directory.trial(trial.id)
        assert record.state != "failed", (folder / "traceback.txt").read_text()
        assert {p.name for p in folder.iterdir()} == {*record.files, "record.json"}
        weights = torch.load(folder / "weights.pt", weights_only=True)
        yield (
            (record.state, record.error, record.responses, record.counts, record.diagnostics),
            {name: (folder / name).read_text() for name in ("curve.csv", "diagnostics.csv")},
            {name: value.tolist() for name, value in weights.items()},
        )


def undisturbed(job, tmp_path):
    """The same without a state."""
    job = replace(job, directory=tmp_path / "undisturbed", checkpoint_min=None)
    run_bundle(job, engine="inline", threads=1)
    return list(found(job))


@pytest.mark.parametrize(
    ("words", "at"),
    [*((words, 3) for words in ALONE.values()), (ALONE["dropout and momentum"], 1), (ALONE["dropout and momentum"], 4)],
    ids=[*ALONE, "after the first epoch", "before the last epoch"],
)
def test_a_training_goes_on_to_the_same_bits(make_job, stopped, goes_on, tmp_path, words, at):
    job = make_job(*words, groups={"model": PLAIN})
    assert stopped(job, at=at).epoch == at
    assert goes_on(job) == [*range(at + 1, 5)]
    assert list(found(job)) == undisturbed(job, tmp_path)


@pytest.mark.parametrize("words", [(), ("+trainer.lightning.accumulate_grad_batches=2",)])
def test_a_lightning_module_goes_on_to_the_same_bits(make_job, stopped, goes_on, tmp_path, words):
    job = make_job(*words, groups=OWN_LIGHTNING)
    assert stopped(job, at=2).epoch == 2
    assert goes_on(job) == [3, 4]
    assert list(found(job)) == undisturbed(job, tmp_path)


@pytest.mark.parametrize(
    ("groups", "replicates"), [({"model": PLAIN}, 1), ({"model": PLAIN}, 3), (OWN_LIGHTNING, 1)],
    ids=["alone", "a stack", "a LightningModule"],
)  # fmt: skip
def test_one_that_is_ended_again_and_again_goes_on_to_the_same_bits(
    make_job, stopped, goes_on, tmp_path, groups, replicates
):
    job = make_job("trainer.max_epochs=8", groups=groups, replicates=replicates, stacked=replicates > 1)
    for at in (1, 3, 4, 6):
        assert stopped(job, at=at).epoch == at
    assert goes_on(job) == [7]
    assert list(found(job)) == undisturbed(job, tmp_path)


def test_a_state_that_no_checkpoint_can_keep_is_named(make_job):
    callback = "+trainer.callbacks.odd={_target_: checkpointed.Odd, kept: %s}"
    (record,) = run_bundle(make_job(callback % 3, groups=OWN_LIGHTNING), engine="inline", threads=1)
    assert record.error is None
    for kept in ("{_target_: torch.nn.ReLU}", "{_target_: checkpointed.function}"):
        (record,) = run_bundle(make_job(callback % kept, groups=OWN_LIGHTNING), engine="inline", threads=1)
        assert "engine.checkpoint_min: the state of Odd cannot be kept in a checkpoint" in str(record.error)


STACKS = {
    "plain": (),
    "schedule": ("scheduler=one_cycle", "optimizer=sgd"),
    "matrix products": ("trainer.precision=64-true", "trainer.gradient_clip_norm=0.5"),
}


@pytest.mark.parametrize("words", STACKS.values(), ids=STACKS)
def test_a_stack_goes_on_as_a_stack(make_job, stopped, goes_on, tmp_path, words):
    job = make_job(*words, groups={"model": PLAIN}, replicates=3, stacked=True)
    kept = stopped(job, at=3)
    assert (kept.stacked, len(kept.trials), kept.epoch) == (True, 3, 3)
    assert goes_on(job) == [4]
    assert list(found(job)) == undisturbed(job, tmp_path)


def test_members_of_a_stack_that_have_ended_stay_as_they_were(make_job, stopped, goes_on, tmp_path):
    """Of three learning rates, one lets the loss leave its bounds in the first epochs."""
    words = ("optimizer=sgd", "trainer.max_loss=20", "scheduler=cosine")
    jobs = [
        make_job(*words, f"optimizer.lr={rate}", groups={"model": PLAIN}, stacked=True) for rate in (0.01, 1000.0, 0.05)
    ]
    trials = tuple(job.bundle.trials[0] for job in jobs)
    job = replace(jobs[0], bundle=replace(jobs[0].bundle, trials=trials), sources=("cafe",) * 3)
    stopped(job, at=3)
    assert goes_on(job) == [4]
    assert list(found(job)) == undisturbed(job, tmp_path)
    states = [StudyDirectory(job.directory).record(trial.id).state for trial in trials]
    assert states == ["complete", "diverged", "complete"]


@pytest.mark.parametrize("change", ["code", "threads", "damage", "pickle"])
def test_a_training_begins_anew_where_the_state_is_of_another(
    make_job, stopped, goes_on, tmp_path, change, monkeypatch
):
    job = make_job()
    stopped(job, at=3)
    state = StudyDirectory(job.directory).trial(job.bundle.trials[0].id) / STATE
    if change == "code":
        job = replace(job, sources=("beef",))
    if change == "threads":
        monkeypatch.setattr(keeper.Keeper, "_key", lambda *_: "another")
    if change == "damage":
        state.write_bytes(state.read_bytes()[:-100])
    if change == "pickle":  # what it names is not executed
        content = torch.load(state, weights_only=True)
        torch.save(content | {"more": tmp_path}, state)
    assert goes_on(job) == [1, 2, 3, 4]
    assert list(found(job)) == undisturbed(job, tmp_path)


def test_nothing_is_kept_unasked(make_job, stopped, goes_on):
    job = replace(make_job(), checkpoint_min=None)
    assert goes_on(job) == []
    assert goes_on(replace(job, checkpoint_min=60.0)) == []


def test_the_time_of_both_processes_counts(make_job, stopped, goes_on, monkeypatch):
    job = make_job()
    stopped(job, at=4)
    state = StudyDirectory(job.directory).trial(job.bundle.trials[0].id) / STATE
    content = torch.load(state, weights_only=True)
    content[keeper.SECTION]["seconds"] = 1000.0
    torch.save(content, state)
    goes_on(job)
    assert 1000 < StudyDirectory(job.directory).record(job.bundle.trials[0].id).seconds < 2000


@pytest.mark.skipif(
    any(find_spec(name) is None for name in ("mlflow", "sqlalchemy", "alembic")), reason="needs: mlflow"
)
def test_a_training_that_goes_on_goes_on_with_its_run_in_mlflow(make_job, stopped, goes_on, monkeypatch):
    from mlflow.tracking import MlflowClient

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    job = make_job("logger=mlflow")
    assert stopped(job, at=3).epoch == 3
    goes_on(job)
    client = MlflowClient(f"sqlite:///{job.directory.resolve() / 'mlflow.db'}")
    (experiment,) = (e for e in client.search_experiments() if e.name != "Default")
    (run,) = client.search_runs([experiment.experiment_id])
    epochs = client.get_metric_history(run.info.run_id, "val/accuracy")
    (record,) = (StudyDirectory(job.directory).record(trial.id) for trial in job.bundle.trials)
    assert (run.info.status, len(epochs)) == ("FINISHED", record.counts.epochs)
    (folder,) = (StudyDirectory(job.directory).trial(trial.id) for trial in job.bundle.trials)
    assert not (folder / "run_id").exists()


@pytest.mark.skipif(find_spec("wandb") is None, reason="needs: wandb")
def test_a_training_that_goes_on_goes_on_with_its_run_in_wandb(make_job, stopped, goes_on):
    job = make_job("logger=wandb", "logger.offline=true")
    (folder,) = (StudyDirectory(job.directory).trial(trial.id) for trial in job.bundle.trials)
    stopped(job, at=3)
    kept = (folder / "run_id").read_text()
    goes_on(job)
    runs = [path.name for path in (folder / "wandb").glob("offline-run-*")]
    assert len(runs) == 2  # the files of two processes, of one run
    assert all(kept in name.split("-") for name in runs)


def test_an_earlier_run_id_is_removed_at_the_end(make_job):
    folder = StudyDirectory((job := make_job("logger=csv")).directory).trial(job.bundle.trials[0].id)
    folder.mkdir(parents=True)
    (folder / "run_id").write_text("of an earlier one")
    run_bundle(job, engine="inline", threads=1)
    assert not (folder / "run_id").exists()
