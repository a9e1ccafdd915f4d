import time

import pytest

from ablate import study
from ablate.execute.planner import overhead as room
from ablate.execute.planner import schedule
from ablate.execute.planner.arrangement import WORKER_START_S
from ablate.execute.planner.overhead import overhead
from ablate.execute.process.isolation import isolated_process
from ablate.execute.train.callbacks import Curve
from ablate.execute.train.fit import prepare
from ablate.execute.train.trainer import trainer
from ablate.store.timings import StepTiming

pytestmark = pytest.mark.usefixtures("processor_time")


def measured(trial, folder) -> float:
    """The least of three fits."""
    times = []
    with isolated_process(threads=1):
        for _ in range(3):
            began = time.perf_counter()
            fit = prepare(trial.config, trial.streams)
            made = trainer(trial.config, user_defined=False, callbacks=(Curve(),), folder=folder)
            made.fit(fit.module, **fit.data)
            made.test(fit.module, verbose=False, **fit.test)
            times.append(time.perf_counter() - began)
    return min(times)


def seconds(here, *words):
    trials = study.plan(["smoke", *words], cwd=here).trials
    return (schedule(trials, trials, workers=1).seconds - WORKER_START_S) / len(trials)


@pytest.mark.parametrize(
    "words",
    [
        ["model.width=4", "model.depth=0", "data.batch_size=100", "trainer.max_epochs=20"],
        ["model=simple_resnet", "model.width=16", "model.depth=4", "trainer.max_epochs=2"],
        ["model.width=256", "data.batch_size=1", "trainer.max_epochs=3"],
    ],
    ids=["mostly Lightning", "mostly convolutions", "mostly steps"],
)
def test_an_estimate_is_of_the_right_order(here, words):
    words = [*words, "replicates=1"]
    (trial, *_) = study.plan(["smoke", *words], cwd=here).trials
    assert 1 / 4 < seconds(here, *words) / measured(trial, here) < 4


def test_an_estimate_grows_with_the_budget(here):
    few = ["replicates=1", "data.batch_size=2", "replicates=1", "model.width=8,9"]
    assert seconds(here, *few, "trainer.max_epochs=40") > 5 * seconds(here, *few, "trainer.max_epochs=2")
    one = ["data.batch_size=1", "model.depth=20", "replicates=1"]
    assert seconds(here, *one, "+trainer.lightning.limit_train_batches=2") < seconds(here, *one) / 2


def test_nobody_knows_how_long_ones_own_module_takes(own, here):
    trials = study.plan(["own", "replicates=1", "model.lr=0.1,0.2"], cwd=here).trials
    assert schedule(trials, trials, workers=1).seconds is None


def test_planning_writes_nothing_here(here):
    trials = study.plan(["smoke", "logger=csv"], cwd=here).trials
    schedule(trials, trials, workers=1)
    assert not any(here.iterdir())


@pytest.mark.parametrize("most", [1024, 10])
def test_what_is_not_steps_and_evaluations_is_of_the_epoch_or_of_the_fit(here, monkeypatch, most):
    """One evaluation batch of an epoch is taken: data that are streamed would take long to read for all."""
    (trial, *_) = study.plan(["smoke", "replicates=1"], cwd=here).trials
    examples = prepare(trial.config, trial.streams).examples
    monkeypatch.setattr(room, "EVALUATION_BATCH_SIZE", most)
    pace = StepTiming(work=1.0, step=0.1, stacked={}, example=0.001, build=0.0)
    val, test = (0.001 * min(examples[split], most) for split in ("val", "test"))
    monkeypatch.setattr(room, "_seconds", lambda *a: 3.0 + a[-1] * (0.5 + 0.1 + val) + test)
    found = overhead(trial, pace)
    assert (found.fit, found.epoch) == (pytest.approx(3.0), pytest.approx(0.5))
