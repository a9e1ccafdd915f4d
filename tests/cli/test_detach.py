"""`ablate run --detach`: which studies can be detached, and what the same command does afterwards."""

import subprocess
import sys

import pytest

from ablate.store import StudyDirectory


@pytest.fixture
def on_slurm(tiny):
    return ("run", "smoke", "engine=slurm", "engine.memory_gb=2", "engine.poll_s=0.5", *tiny[2:])


@pytest.mark.slurm
def test_what_is_submitted_is_collected_by_the_same_command(ablate, here, on_slurm):
    left = ablate(*on_slurm, "--detach")
    assert (left.exit_code, left.stdout) == (0, ""), left.output
    said = " ".join(left.stderr.split())
    assert "in Slurm (array " in said
    assert "The same command without --detach waits for them" in said
    done = ablate(*on_slurm)
    assert done.exit_code == 0, done.output
    assert "4 planned: 4 complete" in done.stdout
    (study,) = (here / "results").iterdir()
    records = StudyDirectory(study).contents().records.values()
    assert [r.provenance.engine for r in records] == ["slurm"] * 4
    assert not (study / "slurm").exists()
    again = ablate(*on_slurm, "--detach")
    assert (again.exit_code, again.stdout) == (0, "")
    assert "Nothing is missing" in again.stderr


@pytest.mark.slurm
def test_an_unknown_partition_is_refused(refused, on_slurm):
    said = " ".join(refused(*on_slurm, "engine.partition=nope").split())
    assert "engine.partition=nope: Slurm refuses the jobs" in said
    assert "Its partitions: cancelling, main, urgent." in said


@pytest.mark.parametrize("command", ["run", "plan"])
def test_without_slurm_on_the_path_the_message_says_where_to_go(refused, on_slurm, here, monkeypatch, command):
    monkeypatch.setenv("PATH", str(here))
    said = " ".join(refused(command, *on_slurm[1:]).split())
    assert "engine=slurm finds no sbatch on the path" in said
    assert "engine=local" in said


def test_an_engine_whose_jobs_end_with_the_command_is_refused(refused, tiny):
    said = " ".join(refused("run", *tiny, "--detach").split())
    assert "--detach needs an engine whose jobs run on when the command has ended; jobs of engine=inline end" in said


def test_a_study_whose_settings_are_not_chosen_is_refused(refused, on_slurm):
    tune = "study.tune={optimizer.lr: [0.02, 0.2]}"
    assert "--detach cannot submit a study whose settings are not chosen yet" in " ".join(
        refused(*on_slurm, tune, "--detach").split()
    )


@pytest.mark.parametrize("words", [("--format", "json"), ("--table", "points"), ("--fail-on", "contradicted")])
def test_options_about_results_are_refused(refused, on_slurm, words):
    assert "--detach returns before there is a result" in refused(*on_slurm, "--detach", *words)


PASSED = """
import torch

import ablate


class Net(torch.nn.Module):
    def __init__(self, inputs, outputs, width=4):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(*inputs, width), torch.nn.Linear(width, outputs))

    def forward(self, x):
        return self.layers(x)


x = torch.linspace(-1, 1, 240).reshape(60, 4)
study = ablate.Study(model=Net, data=(x, (x.sum(1) > 0).long()), factors={"width": [4, 8]}, replicates=1)
study.run("trainer.max_epochs=1", "engine=slurm", "engine.memory_gb=2", "engine.poll_s=0.5")
"""


@pytest.mark.slurm
def test_objects_that_are_passed_from_python_are_sent_with_the_jobs(here):
    (here / "script.py").write_text(PASSED)
    subprocess.run([sys.executable, "script.py"], cwd=here, check=True, timeout=600)
    (study,) = (here / "results").iterdir()
    records = StudyDirectory(study).contents().records.values()
    assert [(r.state, r.provenance.engine) for r in records] == [("complete", "slurm")] * 2
