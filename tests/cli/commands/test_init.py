"""A project of a new user's own: written once, trained at once, with a test that passes."""

import os
import subprocess
import sys

import pytest
import yaml

from ablate.store import StudyDirectory

TINY = ("engine=inline", "data.limit=60", "data.val_size=10", "data.test_size=20", "trainer.max_epochs=1")
FILES = {
    "conf/config.yaml",
    "conf/factor/shortcut.yaml",
    "conf/model/shortcut_net.yaml",
    "conf/study/shortcut.yaml",
    "shortcut_net.py",
    "test_study.py",
}
SMALL = """
    def small():
        return nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.Linear(64, 10))
"""
NETS = """
    import math
    from typing import Literal

    import torch
    from torch import nn


    class Net(nn.Module):
        def __init__(
            self, inputs: list[int], outputs: int, width: int = 4, bias: bool = True,
            act: Literal["relu", "tanh"] = "relu", block: type[nn.Module] = nn.Linear,
        ):
            super().__init__()
            self.hidden = block(math.prod(inputs), width, bias=bias)
            self.output = nn.Linear(width, outputs)
            self.act = getattr(torch, act)

        def forward(self, x):
            return self.output(self.act(self.hidden(x.flatten(1))))


    class Wide(Net):
        def __init__(self, inputs: list[int], outputs: int, width: int):
            super().__init__(inputs, outputs, width)


    class MLP(Net):
        pass
"""


def files(directory):
    paths = (path for path in directory.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(directory).as_posix() for path in paths}


def test_the_study_of_a_new_project_trains_without_a_name(ablate, here, monkeypatch):
    made = ablate("init", "mine")
    assert (made.exit_code, made.stderr) == (0, "")
    assert files(here / "mine") == FILES
    first, second = made.stdout.partition("Next:\n")[2].splitlines()
    assert first.split("#")[0].strip() == "cd mine && ablate plan"
    assert second.split("#")[0].strip() == "ablate run"
    monkeypatch.chdir(here / "mine")
    ran = ablate("run", *TINY)
    assert ran.exit_code == 0, ran.stderr
    assert "10 planned: 10 complete" in ran.stdout
    (study,) = (here / "mine/results").iterdir()
    assert study.name.partition("@")[0] == "shortcut"
    (claim,) = StudyDirectory(study).frozen().spec.claims
    assert claim.text == "shortcut: with vs without"


@pytest.mark.slow
def test_the_test_of_a_new_project_passes_and_its_code_is_formatted(ablate, here):
    ablate("init", "mine")
    for command in (("pytest", "-q", "-p", "no:cacheprovider"), ("ruff", "format", "--check", "--isolated")):
        done = subprocess.run(
            [sys.executable, "-m", *command, "."],
            cwd=here / "mine",
            env={**os.environ, "PYTEST_ADDOPTS": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert {name for name in files(here / "mine") if not name.startswith(".")} == FILES, "results go elsewhere"


def test_in_the_folder_itself_there_is_nowhere_to_go(ablate, here):
    assert "\n  ablate plan " in ablate("init", ".").stdout


def test_nothing_is_overwritten_and_every_file_in_the_way_is_named(write, refused):
    write("mine/shortcut_net.py", "mine = 1\n")
    write("mine/conf/config.yaml", "defaults: [ablate]\n")
    said = refused("init", "mine")
    assert "mine/conf/config.yaml, mine/shortcut_net.py are there already" in said
    assert "nothing was written" in said


@pytest.mark.parametrize("taken", ["mine", "mine/conf"])
def test_a_file_where_a_folder_should_be(taken, write, refused):
    write(taken, "text")
    assert "cannot be written" in refused("init", "mine")


def test_a_class_gives_its_arguments_as_candidates(ablate, here, write):
    write("nets.py", NETS)
    made = ablate("init", ".", "--from", "nets:Net")
    assert made.exit_code == 0, made.stderr
    assert files(here) == {"nets.py", "conf/config.yaml", "conf/model/net.yaml", "conf/study/net.yaml", "test_study.py"}
    model = yaml.safe_load((here / "conf/model/net.yaml").read_text())
    assert model == {
        "_target_": "nets.Net",
        "inputs": "${data.inputs}",
        "outputs": "${data.outputs}",
        "width": 4,
        "bias": True,
        "act": "relu",
    }
    text = (here / "conf/study/net.yaml").read_text()
    factors = yaml.safe_load(text)["study"]["factors"]
    assert factors == [{"model.bias": [True, False]}, {"model.act": ["relu", "tanh"]}]
    assert "# - model.width: [4, 2, 8]  # the default, its half and its double\n" in text
    assert "# - model.block: [FILL_IN, FILL_IN]" in text
    ran = ablate("run", *TINY, "replicates=1")
    assert ran.exit_code == 0, ran.stderr
    assert "3 planned: 3 complete" in ran.stdout


def test_what_has_no_default_is_to_be_filled_in(ablate, here, write, refused):
    write("nets.py", NETS)
    made = ablate("init", ".", "--from", "nets:Wide")
    assert "To fill in: width in conf/model/wide.yaml" in made.stdout
    assert "To fill in: factors in conf/study/wide.yaml" in made.stdout
    assert "model.width" in refused("run", "engine=inline")
    write("conf/model/wide.yaml", (here / "conf/model/wide.yaml").read_text().replace("???", "4"))
    ran = ablate("run", *TINY, "replicates=1", "model.width=4,6")
    assert ran.exit_code == 0, ran.stderr
    assert "2 planned: 2 complete" in ran.stdout


def test_a_function_without_arguments_has_its_modules_left_out(ablate, here, write):
    write("nets.py", NETS + SMALL)
    made = ablate("init", ".", "--from", "nets:small")
    assert "To fill in: components in conf/study/small.yaml" in made.stdout
    text = (here / "conf/study/small.yaml").read_text()
    assert text.splitlines()[1].startswith("# small has no arguments to vary")
    (here / "conf/study/small.yaml").write_text(text.replace("???", "'1'"))
    ran = ablate("run", *TINY, "replicates=1")
    assert ran.exit_code == 0, ran.stderr
    assert "2 planned: 2 complete" in ran.stdout


def test_a_name_that_ships_is_not_taken_from_other_studies(ablate, here, write):
    write("nets.py", NETS)
    ablate("init", ".", "--from", "nets:MLP")
    assert {"conf/model/my_mlp.yaml", "conf/study/my_mlp.yaml"} <= files(here)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("other", "--from", "nets:Net"), ["a project in other would not find it", "ablate init . --from"]),
        ((".", "--from", "nets:Nte"), ["Unknown name in nets 'Nte'", "Did you mean 'Net'?"]),
        ((".", "--from", "nest:Net"), ["'nest.Net' cannot be imported"]),
        ((".", "--from", "nets"), ["names no class", "module:Class"]),
        ((".", "--from", "nets:math"), ["not a class or function"]),
        ((".", "--from", "subprocess:run"), ["is refused"]),
    ],
)
def test_what_cannot_be_a_network_is_refused(words, says, write, refused):
    write("nets.py", NETS)
    said = " ".join(refused("init", *words).split())
    for part in says:
        assert part in said
