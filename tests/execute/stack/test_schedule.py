"""Members of a stack follow the schedules that they would follow alone, each from its own rate."""

import pytest

from tests.execute.stack.test_stacked_module import STEPS, assert_equal, both
from tests.tolerances import trained_64

pytestmark = pytest.mark.numeric

RATES = "optimizer.lr=0.001,0.01,0.1"
FIVE_EPOCHS = "trainer.max_epochs=5"
"""Fifty steps."""


@pytest.mark.parametrize(
    "words",
    [
        (RATES, "scheduler=cosine"),
        (RATES, "scheduler=one_cycle"),
        (RATES, "scheduler=one_cycle", "optimizer=sgd"),
        (RATES, "scheduler=step", "optimizer=adamw"),
        (RATES, "scheduler=multi_step", "scheduler.interval=step"),
        (RATES, "scheduler=warmup", "optimizer=sgd"),
        ("scheduler=cosine", "scheduler.warmup=0%,20%", "scheduler.interval=epoch"),
        ("scheduler=constant,cosine,one_cycle,step", "optimizer=adamw"),
    ],
    ids=" ".join,
)
def test_a_stack_follows_the_schedules_of_its_members(trials, words):
    stacked, alone = both(trials(FIVE_EPOCHS, *words))
    assert len(stacked) > 2
    assert_equal(stacked, alone)


def test_every_schedule_is_the_same_alone_per_step_and_per_epoch(trials):
    named = "scheduler=cosine,one_cycle,step,multi_step,warmup"
    given = trials(FIVE_EPOCHS, named, "scheduler.interval=step,epoch")
    assert {trial.config.scheduler["interval"] for trial in given} == {"step", "epoch"}
    given += trials(FIVE_EPOCHS, "optimizer.lr=0.001,0.01")
    stacked, alone = both(given)
    assert trained_64(STEPS) <= 1e-9
    assert_equal(stacked, alone)
    ends = {round(float(losses[-1]), 9) for losses, _ in alone}
    assert len(ends) == len(given), "no two of them are the same training"


@pytest.mark.parametrize("words", [("scheduler=one_cycle", RATES), ("scheduler=multi_step,cosine",)], ids=" ".join)
def test_whole_trainings_are_the_same(trials, trained, words):
    given = trials("trainer.max_epochs=4", *words)
    one, other = trained(given, stacked=True), trained(given, stacked=False)
    plain = trained(trials("trainer.max_epochs=4", RATES), stacked=False)
    for mine, theirs, constant in zip(one.records, other.records, plain.records, strict=False):
        assert mine.responses == pytest.approx(theirs.responses, rel=trained_64(40))
        assert mine.responses["train/loss"] != constant.responses["train/loss"]


@pytest.mark.parametrize("stacked", [True, False])
@pytest.mark.parametrize(("steps", "epochs"), [(3, 1), (10, 1), (23, 3)])
def test_a_budget_of_steps_ends_within_an_epoch(trials, trained, stacked, steps, epochs):
    given = trials("trainer.max_epochs=null", f"trainer.max_steps={steps}", RATES, "scheduler=one_cycle")
    done = trained(given, stacked=stacked)
    assert {(record.counts.steps, record.counts.epochs) for record in done.records} == {(steps, epochs)}
    assert all(len(curve) == epochs and curve[-1]["val/accuracy"] for curve in done.curves)
    assert all("test/accuracy" in record.responses for record in done.records)


def test_a_budget_of_steps_is_the_same_training_as_that_of_epochs(trials, trained):
    by_epoch = trained(trials("trainer.max_epochs=2", RATES, "scheduler=cosine"), stacked=True)
    by_step = trained(
        trials("trainer.max_epochs=null", "trainer.max_steps=20", RATES, "scheduler=cosine"), stacked=True
    )
    for one, other in zip(by_epoch.records, by_step.records, strict=True):
        assert one.responses == pytest.approx(other.responses, rel=trained_64(20))
