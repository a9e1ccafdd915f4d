"""Lesions of a trained network: what they score, that they change nothing else, and why one is missing."""

from dataclasses import replace

import pytest
import torch

from ablate.config.load import load
from ablate.design import DesignPoint
from ablate.execute.bundle import run_bundle
from ablate.execute.lesion.minibatch import Minibatch
from ablate.execute.process.isolation import isolated_process
from ablate.execute.train.fit import prepare
from ablate.execute.train.job import Job
from ablate.execute.train.layer_streams import layer_seed
from ablate.execute.train.weights import restore
from ablate.plan import Bundle, Trial, streams, trial_id
from ablate.plan.lesions import KINDS, Lesions
from ablate.store import StudyDirectory
from ablate.store.directory import WEIGHTS
from tests.tolerances import summed, trained_64

pytestmark = pytest.mark.numeric

WORDS = ("smoke", "trainer.accelerator=cpu", "trainer.max_epochs=3", "data.limit=120", "data.batch_size=20")
WHOLE = {"part": "in"}

MODULES = '''"""Networks with parts that can be left out."""
import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torchmetrics import MeanMetric, MeanSquaredError

class Plain(nn.Module):
    def __init__(self, inputs, outputs, rate=0.3):
        super().__init__()
        self.stem = nn.Linear(64, 12)
        self.part = nn.Sequential(nn.Linear(12, 12), nn.BatchNorm1d(12), nn.ReLU())
        self.dropout = nn.Dropout(rate)
        self.out = nn.Linear(12, outputs)
    def forward(self, x):
        x = self.stem(x.flatten(1))
        return self.out(self.dropout(x + self.part(x)))

class Overwriting(nn.Module):
    """Writes into tensors that others read."""
    def __init__(self, inputs, outputs):
        super().__init__()
        self.stem = nn.Linear(64, 12)
        self.act = nn.ReLU(inplace=True)
        self.branch = nn.Linear(12, 12)
        self.out = nn.Linear(12, outputs)
    def forward(self, x):
        x = self.stem(x.flatten(1))
        y = self.branch(self.act(x))
        y += x
        return self.out(y)

class Odd(nn.Module):
    """Parts of which not every lesion can be made."""
    def __init__(self, inputs, outputs):
        super().__init__()
        self.lstm = nn.LSTM(8, 8, batch_first=True)
        self.first = nn.Identity()
        self.unused = nn.Linear(8, 8)
        self.out = nn.Linear(8, outputs)
    def forward(self, x):
        x, _ = self.lstm(x.flatten(0, -3))
        return self.out(self.first(x.transpose(0, 1)).mean(0))

class Data(pl.LightningDataModule):
    """Draws its test set anew whenever it is set up."""
    def setup(self, stage):
        x = torch.randn(120, 5)
        self.held = TensorDataset(x, x.sum(1, keepdim=True))
    def train_dataloader(self):
        return DataLoader(self.held, batch_size=16, shuffle=True)
    def test_dataloader(self):
        return DataLoader(self.held, batch_size=30)

class Net(pl.LightningModule):
    def __init__(self, width=8):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(5, width), nn.Dropout(), nn.ReLU(), nn.Linear(width, 1))
    def training_step(self, batch, _):
        return nn.functional.mse_loss(self.body(batch[0]), batch[1])
    def test_step(self, batch, _):
        self.log("test/mse", nn.functional.mse_loss(self.body(batch[0]), batch[1]))
    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=0.01)

class Around(pl.LightningModule):
    """Is given its network and its optimizer, as modules of Hydra's templates for Lightning are."""
    def __init__(self, net, optimizer):
        super().__init__()
        self.save_hyperparameters(logger=False)
        self.net = net
        self.train_score, self.test_score = MeanMetric(), MeanSquaredError()
    def forward(self, x):
        return self.net(x)
    def training_step(self, batch, _):
        loss = nn.functional.mse_loss(self(batch[0]), batch[1])
        self.train_score(loss)
        self.log("train/loss", self.train_score, on_step=False, on_epoch=True)
        return loss
    def test_step(self, batch, _):
        self.test_score(self(batch[0]), batch[1])
        self.log("test/mse", self.test_score, on_step=False, on_epoch=True)
    def configure_optimizers(self):
        return {"optimizer": self.hparams.optimizer(params=self.trainer.model.parameters())}

class Held(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.model = nn.Sequential(nn.Linear(5, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, 1))
    def forward(self, x):
        return self.model(x)

class Fixed(Data):
    """Draws the same examples whenever it is set up."""
    def setup(self, stage):
        x = torch.randn(120, 5, generator=torch.Generator().manual_seed(0))
        self.held = TensorDataset(x, x.sum(1, keepdim=True))

class Unlike(Net):
    """Its test does not take the last minibatch of its training, which is smaller than the others."""
    def test_step(self, batch, index):
        if len(batch[0]) == 8:
            raise ValueError("eight examples")
        super().test_step(batch, index)
'''
PLAIN = {"model": {"_target_": "lesioned.Plain", "inputs": [8, 8], "outputs": 10}}
ODD = {"model": {"_target_": "lesioned.Odd", "inputs": [8, 8], "outputs": 10}}
LIGHTNING = {
    "model": {"_target_": "lesioned.Net"},
    "data": {"_target_": "lesioned.Data"},
    "objective": None,
    "optimizer": None,
}
AROUND = LIGHTNING | {
    "model": {
        "_target_": "lesioned.Around",
        "net": {"_target_": "lesioned.Held", "width": 8},
        "optimizer": {"_target_": "torch.optim.Adam", "_partial_": True, "lr": 0.01},
    },
    "data": {"_target_": "lesioned.Fixed"},
}
PARTS = Lesions(levels=WHOLE, arms={"part=out": ("part",), "all=out": ("part", "dropout")}, response="test/accuracy")
BODY = Lesions(levels=WHOLE, arms={"dropout=out": ("body.1",), "relu=out": ("body.2",)}, response="test/mse")


@pytest.fixture
def make_job(tmp_path, monkeypatch):
    """A job of so many replicates of a training, of the full network unless levels say otherwise."""
    (tmp_path / "lesioned.py").write_text(MODULES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)

    def make(*words, groups, lesions, replicates=1, stacked=False, levels=WHOLE):
        config = load([*WORDS, *words], tmp_path).resolve({}, []).with_groups(**groups)
        trials = tuple(
            Trial(
                id=trial_id(config, seed=0, replicate=r),
                study="lesioned",
                point=DesignPoint(levels=levels),
                replicate=r,
                seed=0,
                streams=streams(0, r),
                config=config,
            )
            for r in range(replicates)
        )
        return Job(
            bundle=Bundle(trials=trials, stacked=stacked),
            directory=tmp_path / "study",
            sources=("cafe",) * replicates,
            commit=None,
            keeps_weights=True,
            lesions=lesions,
        )

    return make


def trained(job, name=None):
    """The records of a job, each with the bytes of its weights."""
    if name is not None:
        job = replace(job, directory=job.directory.with_name(name))
    records = run_bundle(job, engine="inline", threads=1)
    folders = [StudyDirectory(job.directory).trial(record.id) for record in records]
    return [(record, (folder / WEIGHTS).read_bytes()) for record, folder in zip(records, folders, strict=True)]


def test_each_kind_replaces_the_output_as_it_says(make_job):
    job = make_job(groups=PLAIN, lesions=PARTS)
    ((record, weights),) = trained(job)
    (trial,) = job.bundle.trials
    fit = prepare(trial.config, trial.streams)
    restore(fit.network, weights)
    net, module = fit.network.eval(), fit.module
    minibatch = Minibatch(layer_seed("(lesions)", trial.streams.split))
    with torch.no_grad():
        stem = net.stem(module.test_inputs.flatten(1))
        part = net.part(stem)
        minibatch.begin(part)
        output = {
            "identity": stem,
            "zero": torch.zeros_like(part),
            "mean": net.part(net.stem(module.train_inputs.flatten(1))).mean(0),
            "resample": part[minibatch.others("part", part)],
        }
        losses = {k: torch.nn.functional.cross_entropy(net.out(stem + output[k]), module.test_targets) for k in KINDS}
    found = {kind: responses["test/loss"] for kind, responses in record.lesions["part=out"].items()}
    # An output sums 64 + 12 + 12 products, and the loss and the mean 120 examples at most.
    assert found == pytest.approx({k: float(v) for k, v in losses.items()}, rel=summed(64 + 12 + 12 + 120))
    assert record.lesions["all=out"]["identity"]["test/loss"] == found["identity"]  # dropout is off
    assert record.unlesioned is None
    assert len(set(found.values()) | {record.responses["test/loss"]}) == 5


def test_modules_may_write_into_their_inputs_and_into_what_replaces_outputs(make_job):
    lesions = Lesions(levels=WHOLE, arms={"act=out": ("act",), "branch=out": ("branch",)}, response="test/accuracy")
    groups = {"model": {"_target_": "lesioned.Overwriting", "inputs": [8, 8], "outputs": 10}}
    job = make_job(groups=groups, lesions=lesions)
    ((record, weights),) = trained(job)
    assert record.unlesioned is None
    (trial,) = job.bundle.trials
    fit = prepare(trial.config, trial.streams)
    restore(fit.network, weights)
    net, module = fit.network.eval(), fit.module
    with torch.no_grad():
        stem = net.stem(module.test_inputs.flatten(1))
        mean = net.branch(net.stem(module.train_inputs.flatten(1)).relu()).mean(0)
        outputs = {
            ("act=out", "identity"): net.branch(stem) + stem,  # nothing has written into the stem's output
            ("branch=out", "mean"): mean + stem.relu(),
            ("branch=out", "zero"): stem.relu(),
        }
        for (arm, kind), output in outputs.items():
            loss = float(torch.nn.functional.cross_entropy(net.out(output), module.test_targets))
            assert record.lesions[arm][kind]["test/loss"] == pytest.approx(loss, rel=summed(64 + 12 + 12 + 120))


@pytest.mark.parametrize(
    ("groups", "words", "lesions", "stacked"),
    [
        (PLAIN, (), PARTS, False),
        (PLAIN, (), PARTS, True),
        (PLAIN, ("trainer.ema_decay=0.9",), PARTS, False),
        (LIGHTNING, (), BODY, False),
    ],
    ids=["alone", "stacked", "averaged", "LightningModule"],
)
def test_everything_else_of_a_trial_is_bit_by_bit_what_it_is_without_lesions(make_job, groups, words, lesions, stacked):
    asked = make_job(*words, groups=groups, lesions=lesions, stacked=stacked, replicates=2)
    with_lesions, without = trained(asked), trained(replace(asked, lesions=None), "plain")
    for (one, weights), (other, plain_weights) in zip(with_lesions, without, strict=True):
        assert weights == plain_weights
        assert (other.lesions, other.unlesioned) == ({}, None)
        assert {arm: tuple(kinds) for arm, kinds in one.lesions.items()} == dict.fromkeys(lesions.arms, tuple(KINDS))
        same = {"seconds": 0.0, "started": "", "files": {}}
        assert replace(one, lesions={}, **same) == replace(other, **same)


def test_a_lesion_that_changes_nothing_scores_what_the_trial_does_on_data_that_are_drawn_for_the_test(make_job):
    """Dropout is off in evaluation. The DataModule draws another test set, but for the same state of the generator."""
    ((record, _),) = trained(make_job(groups=LIGHTNING, lesions=BODY))
    assert record.lesions["dropout=out"]["identity"] == {"test/mse": record.responses["test/mse"]}
    assert record.lesions["relu=out"]["identity"]["test/mse"] != record.responses["test/mse"]


def test_the_network_that_a_lightning_module_is_given_is_lesioned_by_its_paths(make_job):
    lesions = Lesions(levels=WHOLE, arms={"norm=out": ("net.model.1",)}, response="test/mse")
    job = make_job(groups=AROUND, lesions=lesions)
    ((record, weights),) = trained(job)
    assert (record.state, record.unlesioned) == ("complete", None)
    (trial,) = job.bundle.trials
    with isolated_process(threads=1):  # Lightning warns of a network among the hyperparameters
        fit = prepare(trial.config, trial.streams)
    restore(fit.network, weights)
    data = fit.test["datamodule"]
    data.setup("test")
    x, y = data.held.tensors
    first, norm, act, last = fit.module.net.eval().model
    with torch.no_grad():
        found = norm(first(x))
        output = {
            None: found,
            "identity": first(x),
            "zero": torch.zeros_like(found),
            "mean": norm(first(x)).mean(0).expand_as(found),
        }
        scores = {kind: float(((last(act(h)) - y) ** 2).mean()) for kind, h in output.items()}
    # A prediction sums 5 + 8 products and a mean 120 examples; the score adds 120 squares.
    close = {kind: pytest.approx(score, rel=summed(5 + 8 + 120 + 120)) for kind, score in scores.items()}
    kinds = record.lesions["norm=out"]
    assert record.responses["test/mse"] == close.pop(None)
    assert {kind: kinds[kind]["test/mse"] for kind in close} == close
    assert kinds["resample"]["test/mse"] not in {record.responses["test/mse"], *scores.values()}


def test_a_stack_has_the_lesions_of_its_members_alone(make_job):
    asked = {"groups": PLAIN, "lesions": PARTS, "replicates": 2}
    alone, stacked = (
        trained(make_job("trainer.precision=64-true", "optimizer=sgd", **asked, stacked=stacked), f"{stacked}")
        for stacked in (False, True)
    )
    for (one, _), (other, _) in zip(alone, stacked, strict=True):
        for arm, kinds in one.lesions.items():
            for kind, responses in kinds.items():
                close = pytest.approx(responses["test/loss"], rel=trained_64(one.counts.steps))
                assert other.lesions[arm][kind]["test/loss"] == close, (arm, kind)


def test_only_the_full_network_is_lesioned_and_no_tuning_trial(make_job):
    job = make_job(groups=PLAIN, lesions=PARTS, levels={"part": "out"})
    (trial,) = job.bundle.trials
    assert job.lesions_of(trial) is None
    whole = replace(trial, point=DesignPoint(levels=WHOLE))
    assert job.lesions_of(whole) == PARTS
    assert job.lesions_of(replace(whole, is_tested=False)) is None


def test_what_cannot_be_lesioned_is_named_and_the_trial_is_complete(make_job):
    odd = {f"{part}=out": (part,) for part in ("lstm", "unused", "first", "lost")}
    ((record, _),) = trained(make_job(groups=ODD, lesions=Lesions(levels=WHOLE, arms=odd, response="test/accuracy")))
    assert record.state == "complete"
    assert {arm: tuple(kinds) for arm, kinds in record.lesions.items()} == {"first=out": ("identity", "zero")}
    assert record.unlesioned is not None
    assert "lost=out: study.lesion: 'lost' selects nothing in Odd" in record.unlesioned
    assert "zero of lstm=out: lstm gives a tuple, not a tensor" in record.unlesioned
    assert record.unlesioned.endswith("more")


def test_reasons_of_each_kind(make_job):
    def reason(part):
        lesions = Lesions(levels=WHOLE, arms={"out": (part,)}, response="test/accuracy")
        ((record, _),) = trained(make_job(groups=ODD, lesions=lesions), part)
        return record.unlesioned

    assert "mean of out: first: its output of shape [8, " in reason("first")
    assert "does not have the" in reason("first")
    assert "identity of out: the forward of unused is not called, so that a lesion would change nothing" in reason(
        "unused"
    )


def test_a_mean_over_some_of_the_training_examples_is_none(make_job):
    groups = {**LIGHTNING, "model": {"_target_": "lesioned.Unlike"}}
    ((record, _),) = trained(make_job(groups=groups, lesions=BODY))
    assert {tuple(kinds) for kinds in record.lesions.values()} == {("identity", "zero", "resample")}
    assert "mean of relu=out: no mean over the training examples: " in (record.unlesioned or "")
    assert "ValueError: eight examples" in (record.unlesioned or "")


def test_a_response_that_the_test_does_not_log_is_said_to_be_missing(make_job):
    lesions = replace(BODY, response="test/accuracy")
    ((record, _),) = trained(make_job(groups=LIGHTNING, lesions=lesions))
    assert record.lesions == {}
    assert "identity of dropout=out: it yields no finite test/accuracy" in (record.unlesioned or "")


def test_ctrl_c_in_a_lesion_ends_the_study(make_job, monkeypatch):
    def interrupted(*_given, **_named):
        raise KeyboardInterrupt

    monkeypatch.setattr("ablate.execute.lesion.evaluation.replaced", interrupted)
    with pytest.raises(KeyboardInterrupt):
        trained(make_job(groups=PLAIN, lesions=PARTS))
