"""Processes that take steps at the same time, on the processor: no GPU is needed to see that they do."""

import os

import pytest
import torch

from ablate import study
from ablate.execute.planner import pace
from ablate.execute.planner.candidate import Candidate
from ablate.execute.planner.pace import measure_paces
from ablate.execute.planner.pace_process import STEPS, Measured, steps
from ablate.execute.process.isolation import isolated_process

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def isolated():
    """What takes steps belongs to a process of its own: it silences Lightning for good."""
    with isolated_process(threads=torch.get_num_threads()):
        yield


@pytest.fixture
def trials(here):
    words = ["smoke", "model.init=he,xavier", "replicates=2", "study.factors=[]", "trainer.accelerator=cpu"]
    return study.plan(words, cwd=here).trials


def test_processes_are_measured_together_and_end(trials, monkeypatch):
    started, real = [], pace._started

    def noted(*args):
        started.append(real(*args))
        return started[-1]

    monkeypatch.setattr(pace, "_started", noted)
    found = measure_paces(Candidate(trials=trials, width=3), device=CPU, counts={2})
    assert list(found) == [2]
    assert found[2] > 0
    assert len(started) == 2
    for process in started:
        with pytest.raises(ProcessLookupError):
            os.kill(process.pid, 0)


def test_a_process_that_cannot_train_it_gives_no_measurement(trials, monkeypatch):
    monkeypatch.setattr(pace, "CODE", "print(1)")
    assert measure_paces(Candidate(trials=trials), device=CPU, counts={2}) is None
    monkeypatch.setattr(pace, "CODE", "import time; time.sleep(600)")
    monkeypatch.setattr(pace, "START_LIMIT_S", 0.5)
    assert measure_paces(Candidate(trials=trials), device=CPU, counts={2}) is None
    monkeypatch.setattr(pace.sys, "executable", "/no/such/python")
    assert measure_paces(Candidate(trials=trials), device=CPU, counts={2}) is None


@pytest.mark.numeric
def test_the_rates_of_processes_are_added_up_over_that_of_one(trials, monkeypatch):
    """Whatever they are: one alone takes 10 steps a second, two take 8 each."""
    monkeypatch.setattr(pace, "_started", lambda *_: None)
    monkeypatch.setattr(pace, "_answer", lambda *_: pace.READY)
    monkeypatch.setattr(pace, "_rate", lambda processes: {1: 10.0, 2: 16.0, 4: 20.0}[len(processes)])
    monkeypatch.setattr(pace, "_end", lambda processes: None)
    found = measure_paces(Candidate(trials=trials), device=CPU, counts={2, 4})
    assert found == pytest.approx({2: 1.6, 4: 2.0})


@pytest.mark.parametrize("count", [1, 3])
def test_a_process_takes_steps_of_a_trial_or_of_a_stack(trials, count, monkeypatch):
    from ablate.execute.stack.stacked_module import StackedModule
    from ablate.execute.train.trial_module import TrialModule

    taken = []
    for kind in (TrialModule, StackedModule):
        real = kind.take_steps
        monkeypatch.setattr(
            kind, "take_steps", lambda self, o, chunk, real=real: (taken.append(chunk.shape), real(self, o, chunk))
        )
    take = steps(Measured(trials=trials[:count], conv_as_matmul=False, device="cpu"))
    take()
    assert [tuple(shape[:2]) if count > 1 else shape[0] for shape in taken] == [(STEPS, 3) if count > 1 else STEPS]
