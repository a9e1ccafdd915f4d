"""A LightningModule on two devices: two processes of this machine's processor."""

import functools
import os
import re
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import pytorch_lightning as pl
import torch

from ablate import study
from ablate.design import DesignPoint
from ablate.errors import ConfigError
from ablate.execute.bundle import run_bundle
from ablate.execute.distributed.ranks import PROGRAM
from ablate.execute.examine.examination import examine
from ablate.execute.train.job import Job
from ablate.execute.train.trainer import trainer
from ablate.plan import Bundle, Trial, streams, trial_id
from ablate.store import StudyDirectory
from tests.tolerances import summed

TWIN = """
    import os
    import signal
    from pathlib import Path

    import psutil
    import pytorch_lightning as pl
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

    SECOND = os.environ.get("LOCAL_RANK") == "1"


    class Net(pl.LightningModule):
        def __init__(self, act: str = "train"):
            super().__init__()
            self.act = act
            self.layers = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1))
            if SECOND and act == "fail at start":
                raise ValueError("no second one")

        def training_step(self, batch, batch_idx):
            x, y = batch
            loss = nn.functional.mse_loss(self.layers(x), y)
            if SECOND and self.act == "diverge":
                loss = loss * float("nan")
            if SECOND and self.act == "fail":
                raise ValueError("enough of this")
            if SECOND and self.act == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            if self.act == "say where it listens":
                found = psutil.Process().net_connections("inet")
                addresses = [one.laddr.ip for one in found if one.status == psutil.CONN_LISTEN]
                Path(f"listening{os.environ['LOCAL_RANK']}").write_text(" ".join(addresses))
            return loss

        def test_step(self, batch, batch_idx):
            x, y = batch
            self.log("test/mse", nn.functional.mse_loss(self.layers(x), y))
            self.log("test/examples", float(len(x)), reduce_fx="sum")

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.05)


    class Data(pl.LightningDataModule):
        def __init__(self, batch_size: int, seed: int | None = None):
            super().__init__()
            self.batch_size, self.seed = batch_size, seed

        def setup(self, stage):
            x = torch.randn(61, 6)
            self.parts = TensorDataset(x[:40], x[:40].sum(1, keepdim=True)), TensorDataset(x[40:], x[40:, :1])

        def train_dataloader(self):
            sampler = None
            if self.seed is not None:  # the order that several processes draw, in one
                sampler = DistributedSampler(self.parts[0], num_replicas=1, rank=0, seed=self.seed)
            return DataLoader(self.parts[0], batch_size=self.batch_size, sampler=sampler)

        def test_dataloader(self):
            return DataLoader(self.parts[1], batch_size=50)
"""


@pytest.fixture
def twin(project):
    project("twin.py", TWIN)
    project("conf/model/twin.yaml", "_target_: twin.Net\nact: train\n")
    project("conf/data/twin.yaml", "_target_: twin.Data\nbatch_size: 10\nseed: null\n")
    project(
        "conf/study/twin.yaml",
        """
        # @package _global_
        defaults:
          - override /model: twin
          - override /data: twin
          - override /objective: none
          - override /optimizer: none
        replicates: 1
        study:
          name: twin
          question: Does it?
          design: one_at_a_time
          factors: []
          response: {name: test/mse, better: lower}
        trainer: {max_epochs: 3, accelerator: cpu}
        """,
    )


def run(config, directory: Path, **of_job):
    trial = Trial(
        id=trial_id(config, seed=0, replicate=0),
        study="twin",
        point=DesignPoint(levels={}),
        replicate=0,
        seed=0,
        streams=streams(0, 0),
        config=config,
    )
    job = Job(bundle=Bundle(trials=(trial,)), directory=directory, sources=("",), commit=None, **of_job)
    (record,) = run_bundle(job, engine="inline", threads=1)
    return record, StudyDirectory(directory).trial(trial.id)


def other_ranks_running() -> list[psutil.Process]:
    """Not all children of this process: other tests may have left helpers of theirs, as the resource tracker."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if PROGRAM in process.cmdline():
                found.append(process)
    return found


def weights(folder: Path):
    return torch.load(folder / "weights.pt", weights_only=True)


@pytest.mark.numeric
@pytest.mark.timeout(300)
def test_two_processes_train_what_one_does_on_minibatches_of_both(twin, resolve, tmp_path):
    words = ["data.batch_size=5", "trainer.devices=2"]
    two, two_folder = run(resolve(*words, study="twin"), tmp_path / "two", keeps_weights=True)
    order = streams(0, 0).order % 2**32
    one, one_folder = run(resolve(f"data.seed={order}", study="twin"), tmp_path / "one", keeps_weights=True)
    assert (two.state, two.error) == ("complete", None)
    assert (two.counts.epochs, two.counts.steps) == (one.counts.epochs, one.counts.steps) == (3, 12)
    assert two.responses["test/examples"] == one.responses["test/examples"] == 21
    assert two.responses["test/mse"] == pytest.approx(one.responses["test/mse"], rel=12 * summed(40))
    for name, value in weights(one_folder).items():
        torch.testing.assert_close(weights(two_folder)[name], value, rtol=12 * summed(40), atol=12 * summed(40))
    assert set(two.diagnostics) == set(one.diagnostics) != set()
    assert two.id != one.id
    assert not other_ranks_running()
    assert "LOCAL_RANK" not in os.environ
    assert not torch.distributed.is_initialized()


@pytest.mark.timeout(300)
def test_several_processes_draw_an_order_and_repeat_it(twin, resolve, tmp_path):
    config = resolve("trainer.devices=2", study="twin")
    (one, _), (again, _) = (run(config, tmp_path / name) for name in ("one", "again"))
    assert one.responses == again.responses
    in_order, _ = run(resolve("data.batch_size=20", study="twin"), tmp_path / "in order")
    assert in_order.responses["test/mse"] != pytest.approx(one.responses["test/mse"], rel=12 * summed(40))


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("act", "state", "said"),
    [
        ("fail at start", "failed", r"process 1 of the training: .*ValueError: no second one"),
        ("fail", "failed", r"process 1 of the training: .*ValueError: enough of this"),
        ("die", "failed", r"process 1 of the training|[Cc]onnection"),
        ("diverge", "diverged", r"training loss of another process, in epoch 1"),
    ],
)
def test_what_happens_in_the_other_process_is_recorded(twin, resolve, tmp_path, act, state, said):
    record, _ = run(resolve("trainer.devices=2", f"model.act={act}", study="twin"), tmp_path / "study")
    assert record.state == state, record.error
    assert re.search(said, record.error)
    assert not other_ranks_running()


@pytest.mark.timeout(300)
def test_the_processes_listen_on_loopback_alone(twin, resolve, tmp_path):
    record, _ = run(resolve("trainer.devices=2", "model.act=say where it listens", study="twin"), tmp_path / "study")
    assert record.state == "complete", record.error
    first, second = (Path(f"listening{rank}").read_text().split() for rank in (0, 1))
    assert first, "by which the processes find each other"
    assert {*first, *second} <= {"127.0.0.1", "::ffff:127.0.0.1", "::1"}


@pytest.mark.timeout(300)
def test_the_engine_with_workers_trains_on_two_devices(twin, here):
    _, place = study.run(
        ["twin", "data.batch_size=5,10", "trainer.devices=2", "engine.workers=1"], observer=study.Muted(), cwd=here
    )
    records = StudyDirectory(place).contents().records.values()
    assert [(r.error, r.state, r.provenance.engine) for r in records] == [(None, "complete", "local")] * 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["+trainer.lightning.strategy=ddp_spawn"], "strategy=ddp_spawn starts its processes in a way of its own"),
        (["+trainer.lightning.num_nodes=2"], "num_nodes=2 is not possible"),
    ],
)
def test_what_cannot_be_started_here_is_refused_by_the_plan(twin, here, words, said):
    planned = study.plan(["twin", "data.batch_size=5,10", "trainer.devices=2", *words], cwd=here)
    with pytest.raises(ConfigError) as caught:
        examine(planned.spec, planned.layout.points, planned.configs)
    assert said in str(caught.value)


def test_another_strategy_reaches_lightnings_trainer_as_it_is(twin, resolve, monkeypatch, tmp_path):
    """FSDP itself needs GPUs."""
    given = {}

    class Recorded(pl.Trainer):
        @functools.wraps(pl.Trainer.__init__)
        def __init__(self, **arguments):
            given.update(arguments)
            super().__init__(**arguments | {"strategy": "auto", "accelerator": "cpu"})

    monkeypatch.setattr(pl, "Trainer", Recorded)
    config = resolve("trainer.devices=2", "+trainer.lightning.strategy=fsdp", study="twin")
    trainer(config, user_defined=True, callbacks=(), folder=tmp_path)
    assert (given["strategy"], given["devices"]) == ("fsdp", 2)


def test_the_number_of_devices_is_part_of_a_trial(twin, resolve):
    def of(word: str) -> str:
        return trial_id(resolve(f"trainer.devices={word}", study="twin"), seed=0, replicate=0)

    assert of("1") == of("auto") == of("'1,'") == of("'3,'")
    assert of("2") == of("'0,1'") == of("'2,3'") != of("1")
    assert len({of("1"), of("2"), of("3")}) == 3
