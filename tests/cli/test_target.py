"""A class of the user's own at the command line, without any YAML."""

import json

import pytest
import yaml

from ablate.store import StudyDirectory

NETS = """
    import math

    import torch
    from torch import nn


    class Net(nn.Module):
        def __init__(self, inputs: list[int], outputs: int, width: int, act: str = "relu", seed: int = 0, **more):
            super().__init__()
            self.hidden = nn.Linear(math.prod(inputs), width)
            self.output = nn.Linear(width, outputs)
            self.act = getattr(torch, act)

        def forward(self, x):
            return self.output(self.act(self.hidden(x.flatten(1))))


    class Closed(Net):
        def __init__(self, inputs, outputs, width=4):
            super().__init__(inputs, outputs, width)


    def small():
        return nn.Linear(64, 10)
"""
TINY = ("data.limit=60", "data.val_size=10", "data.test_size=20", "trainer.max_epochs=1", "replicates=2")
NAME = "nets.Net@data.limit=60,data.test_size=20,data.val_size=10,model.act=tanh,model.width=2,4,trainer.max_epochs=1"


@pytest.fixture
def nets(write):
    write("nets.py", NETS)


def test_arguments_are_words_and_those_with_several_values_are_factors(nets, ablate, here):
    words = ("--target", "nets:Net", "width=2,4", "act=tanh", *TINY)
    ran = ablate("run", *words, "engine=inline", "--format", "json")
    assert ran.exit_code == 0, ran.stderr
    summary = json.loads(ran.stdout)
    assert [point["levels"] for point in summary["points"]] == [{"model.width": "2"}, {"model.width": "4"}]
    assert [p["parameters"] for p in summary["points"]] == [64 * w + w + w * 10 + 10 for w in (2, 4)]
    assert summary["command"] == f"ablate run {' '.join(words)} engine=inline"
    assert [path.name for path in (here / "results").iterdir()] == [NAME]
    records = StudyDirectory(here / "results" / NAME).contents().records.values()
    assert {r.config["model"]["act"] for r in records} == {"tanh"}
    assert ablate("show", NAME).exit_code == 0
    again = ablate("run", *words, "engine=inline")
    assert (again.exit_code, again.stderr) == (0, ""), "nothing is left to train"


def test_two_factors_are_crossed_and_a_plan_trains_nothing(nets, ablate, here):
    words = ("--target", "nets.Net", "width=2,4", "act=relu,tanh", *TINY, "engine=inline")
    planned = ablate("plan", *words)
    assert planned.exit_code == 0, planned.stderr
    assert "factorial: 4 design points" in " ".join(planned.stdout.split())
    assert ablate("run", "--plan", *words).exit_code == 0
    assert [path.name for path in here.iterdir() if path.name != "__pycache__"] == ["nets.py"]


def test_a_key_of_the_configuration_is_meant_before_an_argument_of_its_name(nets, ablate):
    printed = ablate(
        "run", "--cfg", "job", "--target", "nets:Net", "width=2,4", "seed=7", "model.seed=3", "engine=inline"
    )
    assert printed.exit_code == 0, printed.stderr
    config = yaml.safe_load(printed.stdout)
    assert (config["seed"], config["model"]["seed"]) == (7, 3)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nets:Closed", "widht=2,4"), ["argument of Closed 'widht'", "Did you mean 'width'?", "optimizer"]),
        (("nets:Closed", "width=2"), ["Nothing is varied", "width=8,16", "width=4"]),
        (("nets:small",), ["small has no arguments to vary", "study.components='layers.*'", "optimizer.lr=0.001,0.01"]),
        (("nets:Closed", "width=2,4", "smoke"), ["'smoke' names another"]),
        (("nets:Closed", "width=2,4", "model=mlp"), ["'model=mlp' would do so, too"]),
        (("nets:Closed", "width=2,4", "data=digist"), ["Unknown data 'digist'", "Did you mean 'digits'?"]),
        (("nets:Net", "width=2,wide"), ["model.width='wide' does not fit", "expected `int`"]),
        (("nets:Net", "act=relu,tanh"), ["model.width is missing", "Net needs it"]),
        (("nets:Clsed", "width=2,4"), ["Did you mean 'Closed'?"]),
        (("nets", "width=2,4"), ["'nets' names no class"]),
    ],
)
def test_a_mistake_is_said_with_what_is_near(words, says, nets, refused):
    said = " ".join(refused("run", "--target", *words, *TINY, "engine=inline").split())
    for part in says:
        assert part in said


def test_a_lightning_module_says_what_it_logs_and_brings_its_own_data(write, ablate, refused):
    from tests.cli.test_own_project import LIGHTNING

    write("own_lightning.py", LIGHTNING)
    write("conf/data/halves.yaml", "_target_: own_lightning.Halves\nexamples: 64\n")
    words = ("--target", "own_lightning:Classifier", "width=2,4", "data=halves", "replicates=1", "engine=inline")
    assert "study.response" in refused("run", *words)
    ran = ablate("run", *words, "study.response={name: test/acc, better: higher}", "trainer.max_epochs=1")
    assert ran.exit_code == 0, ran.stderr
    assert "2 planned: 2 complete" in ran.stdout
