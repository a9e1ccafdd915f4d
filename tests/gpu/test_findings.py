"""What stages find on a GPU, where its part is stood in for."""

import json
import subprocess

import pytest
from torch import nn

from ablate.execute.process.hardware import cores
from ablate.execute.process.isolation import isolated_process
from ablate.execute.train.fit import prepare
from tests.gpu import _study, double, levels, workers
from tests.gpu._study import Listener
from tests.threads import THREADS

CHOICE = "The study trains on the GPU: all of it is expected to take 12 s on the processor and 3.2 s on the GPU."


@pytest.fixture
def answers(monkeypatch):
    """Each command of the stage `workers` answers at once; returns what they were asked."""
    asked = []

    def run(command, **options):
        accelerator, count, *_ = command[3:]
        asked.append((accelerator, count))
        said = [CHOICE] if accelerator == "auto" else []
        answer = [
            "a CPU" if accelerator == "cpu" else "a GPU",
            80,
            "complete",
            None if count == "16" else 3.2,
            4.5,
            said,
        ]
        return subprocess.CompletedProcess(command, 0, stdout=f"{json.dumps(answer)}\n", stderr="")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(workers, "seconds_left", lambda name, device: 60.0)  # whatever this process did before
    return asked


def test_it_is_tried_with_every_number_of_workers_and_as_the_planner_chooses(answers):
    found = workers.run("cuda")
    assert sorted(answers) == sorted(
        [*(("gpu", str(count)) for count in (1, 2, 4, 8, 16)), ("cpu", str(cores())), ("auto", "auto")]
    )
    rows = {row[:2]: row[2:] for row in found.rows}
    assert rows["auto", "auto"] == ("a GPU", "80", "complete", "3.2", "4.5")
    assert rows["cpu", str(cores())][0] == "a CPU"
    assert rows["gpu", "16"][-2] == "unknown"
    assert all(len(row) == len(found.headers) for row in found.rows)
    assert found.notes == [CHOICE], "planned for both, beside what it took"


def test_what_there_was_no_time_for_is_named(answers, monkeypatch):
    left = iter([60.0, 60.0] + [1.0] * 20)
    monkeypatch.setattr(workers, "seconds_left", lambda name, device: next(left))
    found = workers.run("cuda")
    assert answers == [("gpu", "4")]
    assert found.notes[0].startswith("For want of time not tried: auto on auto, ")


def test_the_choice_of_auto_is_told_with_what_was_taken(monkeypatch, capsys):
    heard = Listener(messages=["Something else.", CHOICE], planned_s=3.2)
    monkeypatch.setattr(workers, "run_study", lambda words, accelerator: heard)
    workers.main("auto", "auto", "five_factors")
    devices, trials, states, planned_s, taken_s, said = json.loads(capsys.readouterr().out)
    assert (devices, trials, states, planned_s, said) == ("", 0, "", 3.2, [CHOICE])
    assert taken_s >= 0


def test_few_trials_have_every_level():
    planned = _study.study.plan(["core"])
    chosen = levels.with_every_level(planned.trials)
    assert {(f.name, name) for f in planned.spec.factors for name in f.levels} == {
        pair for trial in chosen for pair in trial.point.levels.items()
    }
    assert len(chosen) < len(planned.layout.points)


@pytest.mark.parametrize(("name", "found"), [("smoke", ("ok", "2")), ("lstm_units", ("skipped", "it trains nothing"))])
def test_a_study_trains_or_is_said_not_to(name, found):
    with isolated_process(threads=THREADS):
        assert levels.trained(name, "cpu") == found


@pytest.mark.parametrize("name", double.NETWORKS)
def test_only_networks_without_masks_are_compared_with_the_cpu(name):
    """A GPU draws other masks from one seed: the comparison would fail, and `make gpu` would end there."""
    trial = _study.trials(double.NETWORKS[name], 1)[0]
    network = prepare(trial.config, trial.streams).network
    draws = any(isinstance(part, nn.Dropout) and part.p > 0 for part in network.modules())
    assert draws == (name in double.DRAWS)


def test_what_a_gpu_is_checked_for_in_double_precision(monkeypatch):
    monkeypatch.setattr(double, "_is_right", lambda check: "ok")
    found = double.run("cuda")
    checks = {name: [what for row, what, _ in found.rows if row == name] for name in double.NETWORKS}
    assert checks.pop("dense, dropout") == ["stack and alone", "no step waits"]
    assert all(whats == ["stack and alone", "CPU and device", "no step waits"] for whats in checks.values())
    assert "dense, dropout" in found.notes[0]
