"""Both sides of the benchmarks compute the same thing, and a difference stops a ratio."""

import json
import statistics

import pytest
from msgspec.structs import replace

from ablate.execute.planner import overhead as overheads
from ablate.execute.planner import profile as profiling
from ablate.store.timings import Overhead, StepTiming
from tests.benchmarks import _results, driver, fills_chip, makespan, planner, run_core, step
from tests.benchmarks._goal import Goal
from tests.benchmarks._workload import RAY_TUNE_NEEDS, Losses, Workload, is_installed

TINY = Workload(
    model="mlp", varied={"optimizer.lr": ("0.001", "0.002")}, replicates=2, epochs=1, steps=3, precision="64-true"
)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory) -> Losses:
    return TINY.multirun(tmp_path_factory.mktemp("theirs"))


def test_ablate_and_the_peer_end_at_the_same_losses(tmp_path, theirs):
    ours = TINY.ablate(tmp_path / "ours", "trainer.diagnostics=false")
    TINY.agree(ours, theirs, tolerance=1e-9)
    assert len({responses["train/loss"] for responses in ours.values()}) == 4, "the trials are four different ones"
    off = {key: {**responses, "train/loss": responses["train/loss"] + 1e-6} for key, responses in theirs.items()}
    with pytest.raises(RuntimeError, match="There is no ratio"):
        TINY.agree(ours, off, tolerance=1e-9)
    with pytest.raises(RuntimeError, match="4 trials: 4 and 3 are there"):
        TINY.agree(ours, dict(list(theirs.items())[1:]), tolerance=1)


@pytest.mark.skipif(not is_installed(RAY_TUNE_NEEDS), reason="Ray Tune is of the bench extra")
def test_ray_tune_ends_at_the_same_losses(tmp_path, theirs):
    TINY.agree(TINY.ray(tmp_path), theirs, tolerance=1e-9)


@pytest.mark.parametrize("model", ["mlp", "simple_resnet"])
def test_a_trial_lightning_as_it_comes_and_a_bare_loop_have_the_same_losses(model, monkeypatch):
    monkeypatch.setattr(step, "CHECKED_EPOCHS", 2)
    step.check(model)


@pytest.mark.parametrize("side", ["_bare", "_default"])
def test_a_loop_with_other_losses_stops_the_ratio(side, monkeypatch):
    monkeypatch.setattr(step, "CHECKED_EPOCHS", 2)
    monkeypatch.setattr(step, side, lambda trial, fit: lambda: [0.5, 0.5])
    with pytest.raises(RuntimeError, match="there is no ratio"):
        step.check("mlp")


def test_no_wall_time_is_below_the_least_that_is_possible():
    assert makespan.measured((1, 2), replicates=1, model="mlp") > 1


def test_a_driver_that_trains_nothing_has_all_trials_in_its_summary(tmp_path, monkeypatch):
    taken = driver.run(20, tmp_path / "whole")
    assert taken.seconds > 0
    assert taken.peak_bytes > 1e8
    monkeypatch.setattr(driver.Nothing, "run", lambda self, jobs, **who: iter(()))
    with pytest.raises(RuntimeError, match="0 of 20 trials are in the summary"):
        driver.run(20, tmp_path / "none")


def test_a_plan_with_stacks_and_one_without_have_the_same_losses(monkeypatch, tmp_path):
    """On a machine that is found to gain by stacks, whatever else it does meanwhile."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))  # nothing that others have measured
    found = StepTiming(work=0, step=1e-3, stacked={4: 5e-4}, example=0, build=0)
    monkeypatch.setattr(profiling, "time_steps", lambda *_, work, **__: replace(found, work=work))
    monkeypatch.setattr(overheads, "overhead", lambda *_: Overhead(fit=0, epoch=0))
    (ours,), (theirs,) = fills_chip.measured(
        (
            "model=mlp",
            "model.width=8",
            "trainer.max_epochs=1",
            "data.limit=200",
            "data.val_size=20",
            "data.test_size=40",
        ),
        repetitions=1,
    )
    assert (ours.stacked, theirs.stacked) == (3, 0)
    assert len(ours.losses) == 3
    with pytest.raises(RuntimeError, match="there is no ratio"):
        fills_chip.check(ours.losses, {trial_id: 1.01 * loss for trial_id, loss in ours.losses.items()})


def test_make_run_and_bare_loops_have_the_same_losses_tuning_included(tmp_path):
    words = ("data.limit=600", "data.val_size=100", "data.test_size=100", "model.width=4", "trainer.max_epochs=4")
    words += ("study.factors=[{head: [fc, gap]}]", "study.tune={optimizer.lr: [0.01, 0.03]}", "study.claims=[]")
    sides = run_core.Sides((*words, "replicates=1", "trainer.precision=64-true"))
    (tmp_path / "bare").mkdir()
    ours, bare = sides.ours(tmp_path / "ours"), sides.bare(tmp_path / "bare")
    tested = [training["is_tested"] for training in sides.trainings.values()]
    assert (tested.count(True), tested.count(False)) == (2, 12)  # of 2 arms on 2 seeds 2 rates, then 1
    budgets = {training["config"]["trainer"]["max_epochs"] for training in sides.trainings.values()}
    assert max(budgets) == 4 > min(budgets)
    sides.agree_exactly({"ours": ours, "bare": bare})
    off = {name: {**losses, "val/loss": losses["val/loss"] + 1e-6} for name, losses in bare.items()}
    with pytest.raises(RuntimeError, match="There is no ratio"):
        sides.agree_exactly({"ours": ours, "bare": off})
    off = {name: {**losses, "train/loss": 1.02 * losses["train/loss"] + 0.02} for name, losses in bare.items()}
    with pytest.raises(RuntimeError, match="Half of the losses differ"):
        sides.agree_rounded({"ours": ours, "bare": off})
    with pytest.raises(RuntimeError, match="14 and 13 trainings, of which 13 are the same"):
        sides.agree_rounded({"ours": ours, "bare": dict([*bare.items()][1:])})


def goal(**changes) -> Goal:
    return Goal(**{"name": "a", "against": "b", "bound": 1.1, "best": "least", "values": (1.0, 1.2, 1.05)} | changes)


def test_a_goal_is_judged_by_its_median():
    assert goal().cells[3:7] == ("1.050×", "1.000 to 1.200", "3", "pass")
    assert goal(best="most").cells[2:7:4] == ("≥ 1.1×", "short")
    assert goal(values=(), note="not installed").cells[3:] == ("–", "–", "0", "not measured", "not installed")
    assert goal(bound=None).cells[2:7] == ("–", "1.05×", "1.00 to 1.20", "3", "–")
    assert goal(bound=10, unit=" ms").cells[2:4] == ("≤ 10 ms", "1.05 ms")


def test_the_table_says_what_was_measured_and_under_which_load():
    entry = {"command": "x", "commit": "c", "machine": "m", "versions": {"torch": "2"}, "began": "now", "took": 7}
    text = _results.markdown({"step": {**entry, "load": [0.5, 1.0], "goals": [goal().as_dict()]}})
    assert "| a | b | ≤ 1.1× | 1.050× | 1.000 to 1.200 | 3 | pass |  |" in text
    assert "| `x` | now | 7 s | 0.50 and 1.00 | c | m | torch 2 |" in text


def test_a_benchmark_without_a_result_costs_no_other(tmp_path, monkeypatch, capsys):
    def broken():
        raise RuntimeError("losses disagree")

    monkeypatch.setattr(_results, "FOLDER", tmp_path)
    monkeypatch.setattr(step, "goals", broken)
    monkeypatch.setattr(makespan, "goals", lambda: [goal()])
    with pytest.raises(SystemExit, match="No result of step: see above"):
        _results.report(["step", "makespan"])
    assert "step: losses disagree" in capsys.readouterr().out
    assert list(json.loads((tmp_path / "benchmarks.json").read_text(encoding="utf-8"))) == ["makespan"]


def test_plans_that_end_at_other_losses_stop_the_ratio():
    own = {"a": 1.0, "b": 2.0, "c": 0.1}
    planner.check({planner.OWN: own, "alone": {**own, "b": 2.0 + 1e-9}}, most=max, tolerance=planner.EXACT)
    one_off = {planner.OWN: own, "alone": {**own, "b": 2.1}}
    with pytest.raises(RuntimeError, match=r"alone: losses differ by 0\.05, more than 1e-09\. There is no ratio"):
        planner.check(one_off, most=max, tolerance=planner.EXACT)
    planner.check(one_off, most=statistics.median, tolerance=planner.ROUNDED)
    with pytest.raises(RuntimeError, match="There is no ratio"):
        planner.check(
            {planner.OWN: own, "alone": {**one_off["alone"], "c": 0.2}},
            most=statistics.median,
            tolerance=planner.ROUNDED,
        )
