"""A study of objects runs from a script without a guard, from standard input, and in the interpreter, on workers."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import torch
from torch import nn
import ablate

FACTOR = 2.0

class Net(nn.Module):
    def __init__(self, inputs, outputs, width=4, activation=nn.ReLU):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(inputs[0], width), activation(), nn.Linear(width, outputs))

    def forward(self, x):
        return FACTOR * self.layers(x)

class Twice(nn.Module):
    def forward(self, x):
        return 2 * x

x = torch.linspace(-1, 1, 120).reshape(60, 2)
y = (x.sum(1) > 0).long()
factors, settings = {"activation": [nn.ReLU, Twice]}, {"trainer.max_epochs": 1}
study = ablate.Study(model=Net, data=(x, y), factors=factors, replicates=1, settings=settings)
result = study.run("engine.workers=1", quiet=True)
print("states", sorted(result.trials()["state"]), sorted(result.trials()["activation"]))
print("code", set(result.trials()["code"]))
"""
EXPECTED = "states ['complete', 'complete'] ['ReLU', 'Twice']"


def python(*words: str, cwd, stdin: str = "") -> str:
    done = subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        input=stdin,
        env=os.environ | {"COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_from_a_script_without_a_guard_and_from_standard_input(tmp_path):
    (tmp_path / "study.py").write_text(SCRIPT)
    by_script = python("study.py", cwd=tmp_path)
    assert EXPECTED in by_script
    (tmp_path / "other").mkdir()
    assert EXPECTED in python("-", cwd=tmp_path / "other", stdin=SCRIPT)


@pytest.mark.slow
def test_from_a_script_on_ray(tmp_path):
    script = SCRIPT.replace('"engine.workers=1"', '"engine=ray", "engine.workers=1"')
    assert EXPECTED in python("-", cwd=tmp_path, stdin=script)


@pytest.mark.slow
def test_in_the_interpreter(tmp_path):
    typed = SCRIPT.replace("\n\nclass", "\nclass").replace("\n\n    def", "\n    def").replace("\n\nx = ", "\n\n\nx = ")
    assert EXPECTED in python("-i", "-q", cwd=tmp_path, stdin=typed.replace("class Twice", "\nclass Twice"))
