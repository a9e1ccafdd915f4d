"""Both sides of the benchmarks compute the same thing, and a difference stops a ratio."""

import pytest

from tests.benchmarks import _results, makespan, step
from tests.benchmarks._goal import Goal
from tests.benchmarks._workload import Workload

TINY = Workload(
    model="mlp", varied={"optimizer.lr": ("0.001", "0.002")}, replicates=2, epochs=1, steps=3, precision="64-true"
)


def test_ablate_and_the_peer_end_at_the_same_losses(tmp_path):
    ours, theirs = TINY.ablate(tmp_path / "ours", "trainer.diagnostics=false"), TINY.multirun(tmp_path / "theirs")
    TINY.agree(ours, theirs, tolerance=1e-9)
    assert len({responses["train/loss"] for responses in ours.values()}) == 4, "the trials are four different ones"
    off = {key: {**responses, "train/loss": responses["train/loss"] + 1e-6} for key, responses in theirs.items()}
    with pytest.raises(RuntimeError, match="There is no ratio"):
        TINY.agree(ours, off, tolerance=1e-9)
    with pytest.raises(RuntimeError, match="4 trials: 4 and 3 are there"):
        TINY.agree(ours, dict(list(theirs.items())[1:]), tolerance=1)


@pytest.mark.parametrize("model", ["mlp", "resnet"])
def test_a_trial_under_lightning_and_a_bare_loop_have_the_same_losses(model, monkeypatch):
    monkeypatch.setattr(step, "CHECKED_EPOCHS", 2)
    step.check(model)
    monkeypatch.setattr(step, "_bare", lambda trial, fit: lambda: [0.5, 0.5])
    with pytest.raises(RuntimeError, match="there is no ratio"):
        step.check(model)


def test_no_wall_time_is_below_the_least_that_is_possible():
    assert makespan.measured((1, 2), replicates=1, model="mlp") > 1


def goal(**changes) -> Goal:
    return Goal(**{"name": "a", "against": "b", "bound": 1.1, "best": "least", "values": (1.0, 1.2, 1.05)} | changes)


def test_a_goal_is_judged_by_its_median():
    assert goal().cells[3:7] == ("1.050×", "1.000 to 1.200", "3", "pass")
    assert goal(best="most").cells[2:7:4] == ("≥ 1.1×", "short")
    assert goal(values=(), note="not installed").cells[3:] == ("–", "–", "0", "not measured", "not installed")


def test_the_table_says_what_is_not_measured_and_under_which_load_the_rest_was():
    entry = {"command": "x", "commit": "c", "machine": "m", "versions": {"torch": "2"}, "began": "now"}
    text = _results.markdown({"step": {**entry, "load": [0.5, 1.0], "goals": [goal().as_dict()]}})
    assert "| a | b | ≤ 1.1× | 1.050× | 1.000 to 1.200 | 3 | pass |  |" in text
    assert "| `x` | now | 0.50 and 1.00 | c | m | torch 2 |" in text
    assert text.count("not measured") == len(_results.UNMEASURED)
