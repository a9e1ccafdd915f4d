"""What a trial changes in its process is put back before the next: whatever it changes, and whenever."""

import json
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from ablate.config.load import load
from ablate.design import DesignPoint
from ablate.execute.engines import ENGINES
from ablate.execute.process import isolation
from ablate.execute.process.settings import settings_restored
from ablate.execute.train.job import Job
from ablate.plan import Bundle, Trial, streams, trial_id
from tests.every_engine import EVERY_ENGINE

MODULE = """
import io
import json
import logging
import multiprocessing
import os
import random
import signal
import sys
import warnings
from pathlib import Path

import numpy
import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

os.environ["SET_BY_IMPORT"] = "1"

CHANGES = {
    "default dtype": lambda: torch.set_default_dtype(torch.float64),
    "default device": lambda: torch.set_default_device("meta"),
    "environment": lambda: os.environ.update(ADDED="1", HOME="/nowhere"),
    "environment, emptied": os.environ.clear,
    "working directory": lambda: os.chdir("/"),
    "umask": lambda: os.umask(0o077),
    "threads": lambda: torch.set_num_threads(2),
    "seeds": lambda: (random.seed(1), numpy.random.seed(1), torch.manual_seed(1)),
    "gradients": lambda: torch.set_grad_enabled(False),
    "determinism": lambda: torch.use_deterministic_algorithms(True, warn_only=True),
    "benchmark": lambda: setattr(torch.backends.cudnn, "benchmark", True),
    "products": lambda: torch.set_float32_matmul_precision("medium"),
    "stdout": lambda: setattr(sys, "stdout", io.StringIO()),
    "stdout, closed": lambda: sys.stdout.close(),
    "stdout, its descriptor": lambda: os.dup2(os.open("elsewhere", os.O_CREAT | os.O_WRONLY), 1),
    "stderr": lambda: setattr(sys, "stderr", io.StringIO()),
    "signal handlers": lambda: [signal.signal(n, lambda *_: None) for n in (signal.SIGTERM, signal.SIGUSR1)],
    "timer": lambda: (signal.signal(signal.SIGALRM, lambda *_: None), signal.alarm(1000)),
    "import path": lambda: sys.path.remove(sys.path[-1]),
    "modules": lambda: sys.modules.update(colorsys=None, this_is_new=json),
    "anomalies": lambda: torch.autograd.set_detect_anomaly(True),
    "warnings": lambda: warnings.simplefilter("error"),
    "start method": lambda: multiprocessing.set_start_method("spawn", force=True),
    "root logger": lambda: logging.basicConfig(level=1, force=True),
    "recursion limit": lambda: sys.setrecursionlimit(5000),
    "errors of numpy": lambda: numpy.seterr(all="raise"),
    "exception hook": lambda: setattr(sys, "excepthook", print),
}
import colorsys


def state():
    return {
        "default dtype": str(torch.get_default_dtype()),
        "default device": str(torch.get_default_device()),
        "environment": {k: v for k, v in os.environ.items() if not any(s in k for s in ("CUDA", "CUBLAS", "PYTEST"))},
        "working directory": os.getcwd(),
        "umask": (lambda now: (os.umask(now), now)[1])(os.umask(0)),
        "threads": torch.get_num_threads(),
        "gradients": torch.is_grad_enabled(),
        "determinism": torch.get_deterministic_debug_mode(),
        "benchmark": torch.backends.cudnn.benchmark,
        "products": torch.get_float32_matmul_precision(),
        "stdout": [sys.stdout.closed, os.fstat(1).st_ino],
        "stderr": [sys.stderr.closed, os.fstat(2).st_ino],
        "signal handlers": [str(signal.getsignal(n)) for n in (signal.SIGTERM, signal.SIGUSR1)],
        "timer": signal.getitimer(signal.ITIMER_REAL)[0] > 900,
        "import path": list(sys.path),
        "modules": sys.modules["colorsys"] is colorsys,
        "anomalies": torch.is_anomaly_enabled(),
        "warnings": [str(f) for f in warnings.filters[:1]],
        "start method": multiprocessing.get_start_method(allow_none=True),
        "root logger": logging.root.level,
        "recursion limit": sys.getrecursionlimit(),
        "errors of numpy": str(numpy.geterr()),
        "exception hook": str(sys.excepthook),
    }


class Net(pl.LightningModule):
    def __init__(self, change: str = "", when: str = "", number: int = 0):
        super().__init__()
        if number:
            Path("states", str(number)).write_text(json.dumps(state()))
        self.layer = nn.Linear(4, 1)
        self.change, self.when = change, when
        self.make_change("constructor")

    def make_change(self, when):
        if self.when == when and self.change:
            CHANGES[self.change]()

    def training_step(self, batch, batch_idx):
        self.make_change("step")
        return self.layer(batch[0]).pow(2).mean()

    def on_fit_end(self):
        self.make_change("end")

    def test_step(self, batch, batch_idx):
        self.log("test/mse", self.layer(batch[0]).pow(2).mean())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Data(pl.LightningDataModule):
    def train_dataloader(self):
        return DataLoader(TensorDataset(torch.linspace(-1, 1, 16).reshape(4, 4)), batch_size=4)

    test_dataloader = train_dataloader
"""

CHANGES = MODULE.split("CHANGES = {")[1].split("\n}", maxsplit=1)[0].splitlines()
SEVERAL_IN_A_PROCESS = sorted({*ENGINES} - {"slurm"})
"""Engines that train several jobs in a process. Slurm starts one for each."""
NAMES = [line.split('"')[1] for line in CHANGES if '": ' in line]


@pytest.fixture
def make_trial(tmp_path, monkeypatch):
    """One job of a trial that changes something, or notes the state that it finds."""
    (tmp_path / "changing.py").write_text(MODULE)
    (tmp_path / "states").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("SET_BY_IMPORT", raising=False)
    config = load(["smoke", "trainer.accelerator=cpu"], tmp_path).resolve({}, [])
    config = config.with_groups(data={"_target_": "changing.Data"}, objective=None, optimizer=None)

    def make(number=0, **model):
        changed = config.with_groups(model={"_target_": "changing.Net", "number": number, **model})
        trial = Trial(
            id=trial_id(changed, seed=0, replicate=0),
            study="changes",
            point=DesignPoint(levels={"change": json.dumps(model)}),
            replicate=0,
            seed=0,
            streams=streams(0, 0),
            config=changed,
        )
        bundle = Bundle(trials=(trial,))
        return Job(bundle=bundle, directory=tmp_path / "study", sources=("cafe",), commit=None)

    yield make
    sys.modules.pop("changing", None)


@pytest.mark.slow
@pytest.mark.parametrize("when", ["constructor", "step", "end"])
@pytest.mark.parametrize("name", SEVERAL_IN_A_PROCESS)
def test_no_trial_finds_what_another_has_changed(make_engine, make_trial, tmp_path, name, when):
    engine = make_engine(name, **({"workers": 1} if name in ("local", "ray") else {}))
    jobs = [make_trial(number=1)]
    for number, change in enumerate(NAMES, start=2):
        jobs += [make_trial(change=change, when=when), make_trial(number=number)]
    records = [record for done in engine.run(jobs) for record in done]
    plain = [record for record in records if "change" not in json.loads(record.levels["change"])]
    assert {record.state for record in plain} == {"complete"}
    assert len({str(record.responses) for record in plain}) == 1
    found = [json.loads((tmp_path / "states" / str(n)).read_text()) for n in range(1, len(NAMES) + 2)]
    left = {
        name: [key for key, value in now.items() if value != found[0][key]]
        for name, now in zip(NAMES, found[1:], strict=True)
    }
    assert {name: keys for name, keys in left.items() if keys} == {}
    assert found[0]["environment"]["SET_BY_IMPORT"] == "1", "a module is imported once, and its trials find what it set"


@pytest.mark.parametrize("name", ["default dtype", "environment", "signal handlers"])
def test_each_change_is_seen_where_it_is_not_put_back(make_trial, monkeypatch, tmp_path, make_engine, name):
    """Otherwise the test above shows nothing."""
    jobs = [make_trial(number=1), make_trial(change=name, when="end"), make_trial(number=2)]
    with settings_restored(), monkeypatch.context() as patch:
        patch.setattr(isolation, "settings_restored", nullcontext)
        list(make_engine("inline").run(jobs))
    first, second = (json.loads((tmp_path / "states" / str(n)).read_text()) for n in (1, 2))
    assert second[name] != first[name]


WRITES = """
import ctypes
import os
import subprocess
import sys

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.layer = nn.Linear(*inputs, outputs)
        print("by print")
        sys.__stdout__.write("by the original stream\\n")
        os.write(1, b"by the descriptor\\n")
        ctypes.CDLL(None).printf(b"by C\\n")
        subprocess.run(["echo", "by a program"])

    def forward(self, x):
        return self.layer(x)
"""


@pytest.mark.parametrize("name", EVERY_ENGINE)
def test_nothing_that_a_trial_writes_reaches_stdout(make_engine, make_job, place, capfd, name):
    Path("trouble.py").write_text(WRITES)
    job = make_job()
    (trial,) = job.bundle.trials
    model = {"_target_": "trouble.Net", "inputs": [10], "outputs": 1}
    config = trial.config.with_groups(model=model)
    trial = replace(trial, config=config, id=trial_id(config, seed=0, replicate=0))
    job = replace(job, bundle=replace(job.bundle, trials=(trial,)))
    assert [r.state for done in make_engine(name).run([job]) for r in done] == ["complete"]
    assert capfd.readouterr().out == ""
