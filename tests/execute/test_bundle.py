import logging
import random
import re
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ablate.config.load import load
from ablate.design import DesignPoint
from ablate.errors import StoreError
from ablate.execute.bundle import run_bundle
from ablate.execute.train.job import Job, record_failures
from ablate.plan import Bundle, Trial, streams, trial_id
from ablate.store import StudyDirectory
from tests.tolerances import summed

pytestmark = pytest.mark.numeric

STRAY = '''"""A network that does what it is told, in the middle of its training."""

import os
import signal
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, inputs, outputs, act="train"):
        super().__init__()
        self.layer = nn.Linear(*inputs, outputs)
        self.act, self.calls = act, 0

    def forward(self, x):
        y = self.layer(x)
        if self.training:
            self.calls += 1
            if self.act == "nan" and self.calls > 1:
                y = y * float("nan")
            if self.act == "interrupt":
                os.kill(os.getpid(), signal.SIGINT)
            if self.act == "terminate":
                os.kill(os.getpid(), signal.SIGTERM)
            if self.act == "quit":
                sys.exit("enough")
            if self.act == "raise":
                raise RuntimeError("two lines:\\n  of trouble")
            if self.act == "meddle":
                np.random.seed(1)
                torch.manual_seed(1)
                torch.set_num_threads(3)
                torch.use_deterministic_algorithms(False)
        elif self.act == "interrupted test" and len(x) == 21:
            os.kill(os.getpid(), signal.SIGINT)
        return y
'''


@pytest.fixture(scope="module")
def resolved(tmp_path_factory):
    words = ["smoke", "data=synthetic", "objective=regression", "study.response=test/mse", "trainer.accelerator=cpu"]
    sizes = ["data.limit=61", "data.val_size=20", "data.test_size=21", "data.batch_size=5"]
    return load([*words, *sizes], tmp_path_factory.mktemp("config")).resolve({}, [])


@pytest.fixture
def place(tmp_path, monkeypatch):
    (tmp_path / "stray.py").write_text(STRAY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "stray", raising=False)
    yield tmp_path
    sys.modules.pop("stray", None)


@pytest.fixture
def make_job(resolved, place):
    def make(*acts, directory=None):
        bundle = []
        for act in acts:
            net = {"_target_": "stray.Net", "inputs": [10], "outputs": 1, "act": act}
            config = resolved.with_groups(model=net)
            bundle.append(
                Trial(
                    id=trial_id(config, seed=0, replicate=1),
                    study="stray",
                    point=DesignPoint(levels={"act": act}),
                    replicate=1,
                    seed=0,
                    streams=streams(0, 1),
                    config=config,
                )
            )
        return Job(
            bundle=Bundle(trials=tuple(bundle)),
            directory=directory or place / "study",
            sources=tuple(f"source of {act}" for act in acts),
            commit="c0ffee",
        )

    return make


def test_a_record_says_what_was_trained_and_how(make_job, place, resolved):
    job = make_job("train")
    began = time.perf_counter()
    (record,) = run_bundle(job, engine="inline", threads=1)
    trial = job.bundle.trials[0]
    assert (record.id, record.study, record.replicate) == (trial.id, "stray", 1)
    assert (record.levels, record.config) == ({"act": "train"}, trial.config.as_dict())
    assert (record.state, record.error) == ("complete", None)
    assert record.counts.parameters == 11
    assert record.counts.flops == 20  # ten products and their sums
    assert (record.counts.epochs, record.counts.steps) == (1, 4)
    assert (record.counts.train_examples, record.counts.val_examples, record.counts.test_examples) == (20, 20, 21)
    assert record.counts.sampling == "fresh"
    assert set(record.responses) == {"train/loss", "val/loss", "val/mse", "test/loss", "test/mse"}
    assert record.responses["test/mse"] == pytest.approx(record.responses["test/loss"], rel=summed(21))
    assert 0 < record.seconds <= time.perf_counter() - began
    assert record.provenance is not None
    assert (record.provenance.engine, record.provenance.threads) == ("inline", 1)
    assert (record.provenance.source, record.provenance.commit) == ("source of train", "c0ffee")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", record.started)
    rows = (StudyDirectory(place / "study").trial(trial.id) / "curve.csv").read_text().splitlines()
    assert len(rows) == 2
    assert float(rows[1].split(",")[rows[0].split(",").index("val/mse")]) == record.responses["val/mse"]


def test_a_training_with_patience_ends_before_its_budget(make_job):
    job = make_job("train")
    (trial,) = job.bundle.trials
    config = trial.config.with_settings("trainer", max_epochs=50, patience=2).with_settings("optimizer", lr=0.5)
    (record,) = run_bundle(
        replace(job, bundle=Bundle(trials=(replace(trial, config=config),))), engine="inline", threads=1
    )
    assert (record.state, record.error) == ("complete", None)
    assert 3 <= record.counts.epochs < 50
    assert record.counts.steps == 4 * record.counts.epochs
    assert set(record.diagnostics["gradient_norm"]) >= {"start", "end"}


def test_a_training_that_leaves_its_bounds_is_a_result(make_job, place):
    (record,) = run_bundle(make_job("nan"), engine="inline", threads=1)
    assert record.state == "diverged"
    assert record.error is not None
    assert "training loss nan in epoch 1" in record.error
    assert record.responses["train/loss"] is None
    assert not [name for name in record.responses if name.startswith("test/")]
    files = {path.name for path in StudyDirectory(place / "study").trial(record.id).iterdir()}
    assert files == {"record.json", "curve.csv", "diagnostics.csv"}


def test_a_bundle_goes_on_past_a_trial_that_fails(make_job, place):
    records = run_bundle(make_job("raise", "train", "quit"), engine="inline", threads=1)
    assert [r.state for r in records] == ["failed", "complete", "failed"]
    assert records[0].error is not None
    assert records[0].error.endswith("RuntimeError: two lines: of trouble")
    assert "stray.py" in records[0].error
    assert [r.provenance.source for r in records if r.provenance] == [
        "source of raise", "source of train", "source of quit",
    ]  # fmt: skip
    text = (StudyDirectory(place / "study").trial(records[0].id) / "traceback.txt").read_text()
    assert "stray.py" in text
    assert "two lines:\n  of trouble" in text


@pytest.mark.parametrize("act", ["interrupt", "interrupted test"])
def test_ctrl_c_ends_the_study_and_is_no_failure_of_the_trial(make_job, place, act):
    """Lightning would make a SystemExit of it, which is what a trial's own code may raise."""
    with pytest.raises(KeyboardInterrupt):
        run_bundle(make_job(act, "train"), engine="inline", threads=1)
    assert StudyDirectory(place / "study").contents().records == {}
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_sigterm_ends_the_study_and_is_no_failure_of_the_trial(make_job, place):
    with pytest.raises(SystemExit) as caught:
        run_bundle(make_job("terminate", "train"), engine="inline", threads=1)
    assert caught.value.code == 128 + signal.SIGTERM
    assert StudyDirectory(place / "study").contents().records == {}
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_a_record_that_cannot_be_written_is_no_failure_of_the_trial(make_job, place):
    (place / "file").touch()
    with pytest.raises(StoreError, match="file is a file"):
        run_bundle(make_job("train", directory=place / "file" / "study"), engine="inline", threads=1)


def test_a_training_leaves_its_process_as_it_was(make_job):
    def state():
        return {
            "torch": torch.get_rng_state().tolist(),
            "numpy": np.random.get_state()[1].tolist(),
            "python": random.getstate(),
            "threads": torch.get_num_threads(),
            "deterministic": torch.are_deterministic_algorithms_enabled(),
            "signals": [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)],
            "level": logging.getLogger("pytorch_lightning").level,
            "directory": Path.cwd(),
        }

    random.seed(5)
    np.random.seed(5)
    torch.manual_seed(5)
    before = state()
    for act in ("train", "meddle", "raise"):
        run_bundle(make_job(act), engine="inline", threads=2)
        assert state() == before


def test_a_training_says_nothing(make_job, capfd):
    run_bundle(make_job("train"), engine="inline", threads=1)
    assert capfd.readouterr() == ("", "")


def test_fail_records_every_trial_of_a_job(make_job, place):
    job = make_job("train", "nan")
    records = record_failures(job, error="caf\udce9", traceback="Traceback: caf\udce9", engine="local", threads=1)
    directory = StudyDirectory(place / "study")
    assert directory.contents().records == {r.id: r for r in records}
    for record, trial in zip(records, job.bundle.trials, strict=True):
        assert (record.id, record.state, record.error) == (trial.id, "failed", "caf\\udce9")
        levels = dict(trial.point.levels)
        assert (record.responses, record.levels, record.config) == ({}, levels, trial.config.as_dict())
        assert (directory.trial(trial.id) / "traceback.txt").read_text() == "Traceback: caf\\udce9"


def test_fail_keeps_what_the_worker_had_finished(make_job, place):
    """A worker that dies after its record is written, or in the middle of a bundle, has lost nothing of that."""
    run_bundle(make_job("train", "nan", "raise"), engine="local", threads=1)
    directory = StudyDirectory(place / "study")
    before = directory.contents().records
    records = record_failures(make_job("train", "nan", "raise"), error="died", traceback="", engine="local", threads=1)
    assert [r.state for r in records] == ["complete", "diverged", "failed"]
    assert [before[r.id] == r for r in records] == [True, True, False]
    assert directory.contents().records == {r.id: r for r in records}


def test_fail_does_not_take_a_result_of_older_code_for_a_new_one(make_job, place):
    job = make_job("train")
    run_bundle(job, engine="local", threads=1)
    (record,) = record_failures(replace(job, sources=("newer",)), error="died", traceback="", engine="local", threads=1)
    assert (record.state, record.error) == ("failed", "died")
