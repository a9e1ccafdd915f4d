"""A person's own model, factor and study: YAML under `conf/`, Python beside it, and nothing changed in ablate."""

import json

import pytest

from ablate.store import StudyDirectory

NET = """
    import math

    import torch


    class Net(torch.nn.Module):
        def __init__(self, inputs: list[int], outputs: int, width: int = 4, square: bool = False):
            super().__init__()
            self.layers = torch.nn.Sequential(
                torch.nn.Flatten(), torch.nn.Linear(math.prod(inputs), width), torch.nn.ReLU(),
                torch.nn.Linear(width, outputs),
            )
            self.square = square

        def forward(self, x):
            return self.layers(x * x if self.square else x)
"""
MODEL = """
    # A net of my own
    _target_: {target}
    inputs: ${{data.inputs}}
    outputs: ${{data.outputs}}
    width: 4
    square: false
"""
FACTOR = """
    square:
      reference: plain
      levels:
        plain: [model.square=false]
        squared: [model.square=true]
"""
STUDY = """
    # @package _global_
    defaults:
      - override /model: mine
    replicates: 5
    study:
      name: mine
      question: Do squared inputs help my net?
      design: one_at_a_time
      factors: [square]
      response: test/accuracy
      claims:
        - contrast: {square: [squared, plain]}
          expect: greater
          margin: 0.01
    data: {limit: 60, val_size: 10, test_size: 20, batch_size: 10}
    trainer: {max_epochs: 1}
"""
LIGHTNING = """
    import pytorch_lightning as pl
    import torch
    from torch.utils.data import DataLoader, TensorDataset


    class Classifier(pl.LightningModule):
        def __init__(self, width: int = 4, lr: float = 0.1):
            super().__init__()
            self.save_hyperparameters()
            self.net = torch.nn.Sequential(torch.nn.Linear(2, width), torch.nn.Tanh(), torch.nn.Linear(width, 2))

        def training_step(self, batch, index):
            x, y = batch
            loss = torch.nn.functional.cross_entropy(self.net(x), y)
            self.log("train/loss", loss)
            return loss

        def test_step(self, batch, index):
            x, y = batch
            self.log("test/acc", (self.net(x).argmax(1) == y).float().mean())

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=self.hparams.lr)


    class Halves(pl.LightningDataModule):
        def __init__(self, examples: int = 64):
            super().__init__()
            x = torch.rand(examples, 2, generator=torch.Generator().manual_seed(0)) - 0.5
            self.examples = TensorDataset(x, (x[:, 0] > 0).long())

        def train_dataloader(self):
            return DataLoader(self.examples, batch_size=4, shuffle=True)

        def test_dataloader(self):
            return DataLoader(self.examples, batch_size=64)
"""
LIGHTNING_STUDY = """
    # @package _global_
    defaults:
      - override /model: classifier
      - override /data: halves
      - override /objective: none
      - override /optimizer: none
    replicates: 2
    study:
      name: own
      question: Does my module need more units?
      design: one_at_a_time
      factors: [units]
      response: {name: test/acc, better: higher, trivial: 0.5}
    trainer: {max_epochs: 2}
"""


@pytest.fixture
def module(write):
    """A study of one's own, its module where the target says."""

    def at(target: str) -> None:
        write(f"{target.rpartition('.')[0].replace('.', '/')}.py", NET)
        write("conf/model/mine.yaml", MODEL.format(target=target))
        write("conf/factor/square.yaml", FACTOR)
        write("conf/study/mine.yaml", STUDY)

    return at


@pytest.fixture
def lightning(write):
    """A LightningModule and a LightningDataModule of one's own, with a study of them."""
    write("own_lightning.py", LIGHTNING)
    write("conf/model/classifier.yaml", "# Mine\n_target_: own_lightning.Classifier\nwidth: 2\nlr: 0.5\n")
    write("conf/data/halves.yaml", "# Which half of the square?\n_target_: own_lightning.Halves\nexamples: 64\n")
    write(
        "conf/factor/units.yaml",
        "units: {reference: two, levels: {two: [model.width=2], eight: [model.width=8]}}\n",
    )
    write("conf/study/own.yaml", LIGHTNING_STUDY)


@pytest.mark.parametrize("target", ["mine.Net", "conf.model.mine_net.Net"])
def test_a_module_of_ones_own_beside_its_yaml(target, module, ablate, here):
    module(target)
    result = ablate("run", "mine", "engine=inline", "--format", "json")
    assert result.exit_code == 0, result.stderr
    summary = json.loads(result.stdout)
    assert (summary["complete"], summary["question"]) == (10, "Do squared inputs help my net?")
    assert [p["levels"] for p in summary["points"]] == [{"square": "plain"}, {"square": "squared"}]
    assert {p["parameters"] for p in summary["points"]} == {64 * 4 + 4 + 4 * 10 + 10}
    records = StudyDirectory(here / "results/mine").contents().records.values()
    assert {r.counts.steps for r in records} == {3}  # 30 training examples, 10 at a time


def test_shipped_factors_do_not_fit_it_and_it_says_so(module, refused):
    module("mine.Net")
    said = refused("run", "mine", "study.factors=[head]", "study.claims=[]", "engine=inline")
    assert "Factor 'head', level 'fc'" in said
    assert "Unknown key 'model.head'" in said


def test_a_level_that_changes_nothing_in_it(module, write, refused):
    module("mine.Net")
    write("mine.py", NET.replace("x * x if self.square else x", "x"))
    said = refused("run", "mine", "engine=inline")
    assert "square=plain and square=squared build the same network" in said
    assert "model.square=true" in said


def test_a_lightning_module_takes_its_own_loop_on_the_workers(lightning, ablate, here):
    result = ablate("run", "own", "engine=local", "--format", "json")
    assert result.exit_code == 0, result.stderr
    summary = json.loads(result.stdout)
    assert (summary["complete"], summary["response"], summary["better"]) == (4, "test/acc", "higher")
    records = list(StudyDirectory(here / "results/own").contents().records.values())
    assert {r.counts.steps for r in records} == {2 * 64 // 4}
    assert {r.provenance.engine for r in records if r.provenance} == {"local"}
    assert all(set(r.responses) == {"train/loss", "test/acc"} for r in records)
    assert max(v for p in summary["points"] for v in p["values"]) > 0.75  # which half a point is in can be learnt
    assert {r.counts.parameters for r in records} == {2 * w + w + w * 2 + 2 for w in (2, 8)}


def test_without_an_example_it_says_how_costs_become_known(lightning, write, ablate):
    planned = ablate("plan", "own", "engine=inline")
    assert "self.example_input_array" in " ".join(planned.stdout.split())
    ablate("run", "own", "engine=inline")
    assert "self.example_input_array" in " ".join(ablate("show", "own", "--table", "notes").stdout.split())


def test_with_an_example_costs_are_known(lightning, write, ablate):
    example = "self.example_input_array = torch.zeros(1, 2)"
    write(
        "own_lightning.py", LIGHTNING.replace("self.save_hyperparameters()", f"self.save_hyperparameters(); {example}")
    )
    assert "example_input_array" not in ablate("plan", "own", "engine=inline").stdout


def test_the_same_module_gives_the_same_in_this_process(lightning, ablate, here):
    for name in ("first", "second"):
        assert ablate("run", "own", "engine=inline", "--results-dir", name).exit_code == 0
    first, second = (
        {i: r.responses for i, r in StudyDirectory(here / name / "own").contents().records.items()}
        for name in ("first", "second")
    )
    assert first == second
    assert len({tuple(r.values()) for r in first.values()}) > 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["study.response={name: test/auc, better: higher}"], ["Unknown response 'test/auc'", "'test/acc'"]),
        (["optimizer=sgd"], ["brings its own optimizer", "optimizer=none"]),
        (["objective=regression"], ["brings its own objective", "objective=none"]),
        (["data=digits"], ["LightningDataModule", "_target_: pytorch_lightning.LightningDataModule.from_datasets"]),
        (
            ["optimizer=sgd", "objective=regression", "scheduler=cosine", "data=digits"],
            [
                "brings its own objective, optimizer and scheduler, which would be ignored",
                "'- override /objective: none', '- override /optimizer: none', '- override /scheduler: constant'",
                "objective=none optimizer=none scheduler=constant to the command",
                "data: a LightningModule trains on a LightningDataModule",
            ],
        ),
        (["model.widht=3"], ["Unknown key 'model.widht'", "Did you mean 'model.width'?"]),
    ],
)
def test_what_does_not_go_with_a_lightning_module(words, says, lightning, refused):
    said = refused("run", "own", "engine=inline", *words)
    for part in says:
        assert part in said


def test_a_lightning_module_that_fails_in_its_first_step_trains_nothing(lightning, write, refused):
    write("own_lightning.py", LIGHTNING.replace("return loss", 'raise KeyError("no such column")'))
    said = refused("run", "own", "engine=inline")
    assert "own_lightning.py:17: KeyError: 'no such column'" in said


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("conf/study/mine.yaml", "study: {name: mine, question: [\n", ["conf/study/mine.yaml", "line"]),
        (
            "conf/study/mine.yaml",
            "# @package _global_\nstudy: {name: mine}\n",
            ["study", "question", "The study's file is conf/study/mine.yaml."],
        ),
        (
            "conf/study/mine.yaml",
            "# @package _global_\nstudy: {name: mine, qestion: How, factors: [square]}\n",
            ["qestion", "Did you mean", "conf/study/mine.yaml"],
        ),
        ("conf/study/mine.yaml", "- study\n", ["study/mine"]),
        ("conf/study/mine.yaml", "study: {name: mine, question: Café?}\n", ["not YAML in UTF-8"]),
        ("conf/factor/square.yaml", "sqare: {reference: plain, levels: {}}\n", ["square", "first line"]),
        (
            "conf/factor/square.yaml",
            "square: {referense: plain, levels: {}}\n",
            ["referense", "square.reference", "The factor's file is conf/factor/square.yaml."],
        ),
        (
            "conf/factor/square.yaml",
            "square: {reference: plain, levels: {plain: [model.square=false], squared: [model.sqare=true]}}\n",
            ["Factor 'square', level 'squared' (conf/factor/square.yaml)", "model.sqare", "mean 'model.square'?"],
        ),
        ("conf/model/mine.yaml", "width: 4\nsquare: false\n", ["model has no _target_", "module.Class"]),
        (
            "conf/model/mine.yaml",
            "_target_: mine.Net\nwidth: 4\nsquare: false\n",
            ["model.inputs and model.outputs are missing"],
        ),
        ("conf/model/mine.yaml", "", ["model"]),
    ],
)  # fmt: skip
def test_a_file_that_says_something_wrong_is_named(file, text, says, module, write, refused):
    module("mine.Net")
    write(file, "").write_bytes(text.encode("latin-1"))
    said = refused("run", "mine", "engine=inline")
    for part in says:
        assert part in said
