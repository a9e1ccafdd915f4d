"""`trainer.callbacks` in trainings: of a plain network, of a LightningModule, before the first training."""

import pytest
import torch

from ablate import study
from ablate.design import DesignPoint
from ablate.errors import ConfigError
from ablate.execute.bundle import run_bundle
from ablate.execute.examine.examination import examine
from ablate.execute.stack.member import Member
from ablate.execute.stack.unstackable import Unstackable
from ablate.execute.train.job import Job
from ablate.execute.train.trainer import trainer
from ablate.plan import Bundle, Trial, streams, trial_id
from ablate.store import StudyDirectory

PACKAGE = "pytorch_lightning.callbacks"


def stop(monitor: str, *, patience: int = 2) -> str:
    return f"+trainer.callbacks.stop={{_target_: {PACKAGE}.EarlyStopping, monitor: {monitor}, patience: {patience}}}"


def examined(*words: str, cwd):
    planned = study.plan(words, cwd=cwd)
    return examine(planned.spec, planned.layout.points, planned.configs)


@pytest.fixture
def run(tmp_path):
    """Trains a configuration as a trial of a study; returns its record and its folder."""

    def trained(config):
        trial = Trial(
            id=trial_id(config, seed=0, replicate=0),
            study="any",
            point=DesignPoint(levels={}),
            replicate=0,
            seed=0,
            streams=streams(0, 0),
            config=config,
        )
        directory = tmp_path / "any"
        job = Job(bundle=Bundle(trials=(trial,)), directory=directory, sources=("",), commit=None)
        (record,) = run_bundle(job, engine="inline", threads=1)
        return record, StudyDirectory(directory).trial(trial.id)

    return trained


def test_a_plain_network_ends_where_its_validation_stops_falling(resolve, run):
    words = ["trainer.max_epochs=60", "optimizer.lr=0.05", "data.limit=200", stop("val/loss")]
    record, folder = run(resolve(*words))
    assert (record.error, record.state) == (None, "complete")
    rows = [line.split(",") for line in (folder / "curve.csv").read_text().splitlines()]
    losses = [float(row[rows[0].index("val/loss")]) for row in rows[1:]]
    assert record.counts.epochs == len(losses) == losses.index(min(losses)) + 3 < 60


def test_other_callbacks_leave_the_numbers_as_they_are(project, resolve, run):
    project(
        "quiet.py",
        """
        import random

        import pytorch_lightning as pl
        import torch


        class Draws(pl.Callback):
            def __init__(self):
                torch.rand(3), random.random()
        """,
    )
    without, _ = run(resolve("trainer.max_epochs=1"))
    with_one, _ = run(resolve("trainer.max_epochs=1", "+trainer.callbacks.draws={_target_: quiet.Draws}"))
    assert with_one.responses == without.responses
    assert with_one.id != without.id


def test_a_lightning_module_ends_early_and_keeps_its_checkpoint(own, resolve, run):
    keep = f"+trainer.callbacks.keep={{_target_: {PACKAGE}.ModelCheckpoint, monitor: val/mse}}"
    record, folder = run(resolve("trainer.max_epochs=60", stop("val/mse", patience=1), keep, study="own"))
    assert (record.error, record.state) == (None, "complete")
    assert record.counts.epochs < 60
    (kept,) = (folder / "checkpoints").glob("*.ckpt")
    assert 0 < torch.load(kept, weights_only=True)["epoch"] + 1 <= record.counts.epochs


def test_a_lightning_module_evaluates_averaged_weights_by_the_callback_that_the_message_names(own, resolve, run):
    average = f"+trainer.callbacks.average={{_target_: {PACKAGE}.EMAWeightAveraging, decay: 0.9}}"
    averaged, _ = run(resolve("trainer.max_epochs=2", average, study="own"))
    plain, _ = run(resolve("trainer.max_epochs=2", study="own"))
    assert (averaged.error, averaged.state) == (plain.error, plain.state) == (None, "complete")
    assert averaged.counts == plain.counts
    assert averaged.responses["val/mse"] != plain.responses["val/mse"]


def test_a_trial_with_callbacks_trains_alone(resolve):
    with pytest.raises(Unstackable, match=r"it has callbacks of its own, trainer\.callbacks"):
        Member.of(resolve(stop("val/loss")), streams(0, 0))


@pytest.mark.parametrize(
    ("word", "said"),
    [
        (stop("val/los"), r"trainer\.callbacks\.stop\.monitor: Unknown response 'val/los'. Did you mean 'val/loss'"),
        (stop("test/loss"), r"trainer\.callbacks\.stop\.monitor: Unknown response 'test/loss'"),
        (f"+trainer.callbacks.keep={{_target_: {PACKAGE}.ModelCheckpoint}}", r"keep: ModelCheckpoint does not go with"),
        ("+trainer.callbacks.stop=3", r"trainer\.callbacks\.stop is an int"),
        ("+trainer.callbacks.stop=null", r"stop is null\. To leave out .*, write ~trainer\.callbacks\.stop\."),
        (f"+trainer.callbacks.bar={{_target_: {PACKAGE}.RichProgressBar}}", r"\. Leave RichProgressBar out\."),
        ("trainer.callbacks=[]", r"a list is written where a mapping is needed\. Give each entry a name"),
        (
            "+trainer.lightning.callbacks=[]",
            r"trainer\.lightning\.callbacks is set by ablate\. Use trainer\.callbacks\.",
        ),
    ],
)
def test_what_would_not_work_is_refused_before_the_first_training(here, word, said):
    with pytest.raises(ConfigError, match=said):
        examined("smoke", word, cwd=here)


def test_a_monitor_that_a_lightning_module_does_not_log_is_refused_by_its_first_step(own, here):
    with pytest.raises(ConfigError, match=r"fails in its first step: .*val/mze"):
        examined("own", "model.width=4,8", stop("val/mze"), cwd=here)


def test_a_callback_that_needs_a_logger_has_one(own, here, run, resolve):
    rates = f"+trainer.callbacks.rates={{_target_: {PACKAGE}.LearningRateMonitor}}"
    assert examined("own", "model.width=4,8", rates, "logger=csv", cwd=here)
    with pytest.raises(ConfigError, match=r"LearningRateMonitor.* has no logger"):
        examined("own", "model.width=4,8", rates, cwd=here)
    record, folder = run(
        resolve("trainer.max_epochs=1", "+trainer.lightning.log_every_n_steps=1", rates, "logger=csv", study="own")
    )
    assert record.error is None
    assert "lr-SGD" in next(folder.rglob("metrics.csv")).read_text()


def test_settings_of_plain_networks_name_the_callback_that_does_it(own, resolve, tmp_path):
    for setting, named in (("patience=2", "EarlyStopping"), ("ema_decay=0.9", "EMAWeightAveraging")):
        with pytest.raises(ConfigError, match=rf"trainer\.callbacks: .*{PACKAGE}\.{named}"):
            trainer(resolve(f"trainer.{setting}", study="own"), user_defined=True, callbacks=(), folder=tmp_path)
