"""A study under `engine.budget_h`: whole replicates, then it stops, and the same command with more goes on."""

from dataclasses import replace

import pytest

from ablate import study
from ablate.errors import ConfigError
from ablate.plan.budget import Occupancy
from ablate.study import training

TINY = (
    "smoke", "engine=inline", "model.width=4", "model.depth=0", "model.skip_span=0", "trainer.accelerator=cpu",
    "data.limit=60", "data.val_size=10", "data.test_size=20", "replicates=6",
)  # fmt: skip


class Hourly(Occupancy):
    """An hour for each training."""

    def hours(self, seconds):
        return 1.0


@pytest.fixture
def hourly(monkeypatch):
    made = Hourly(per_worker=1, unit="processor hours")
    monkeypatch.setattr("ablate.plan.budget.occupancy", lambda *_, **__: made)


def run(listener, *words):
    heard = type(listener)()
    summary, _ = study.run((*TINY, *words), observer=heard)
    return summary, heard


def test_a_study_stops_before_a_replicate_that_it_has_no_hours_for(here, listener, hourly):
    summary, heard = run(listener, "engine.budget_h=7")
    assert summary.complete == len(heard.records) == 6
    assert {record.replicate for record in heard.records} == {0, 1, 2}
    assert heard.remarks == [
        "The budget ends the study: of 7 processor hours (engine.budget_h) 1 is left, and the next replicate would "
        "take about 2. 6 of 12 trials are missing, those of 3 replicates, from replicate 3 on. A larger "
        "engine.budget_h trains them."
    ]
    summary, heard = run(listener, "engine.budget_h=7.5")
    assert (summary.complete, heard.records) == (6, []), "what was trained before counts"
    summary, heard = run(listener, "engine.budget_h=12")
    assert (summary.complete, len(heard.records), heard.remarks) == (12, 6, [])


def test_an_estimate_that_is_too_low_costs_a_replicate_and_not_the_budget(here, listener, monkeypatch):
    """A training takes an hour, and the planner expects none of them to take a minute."""

    class Underestimated(Occupancy):
        def hours(self, seconds):
            return 1.0 if seconds > 0 else 1e-3

    made = Underestimated(per_worker=1, unit="processor hours")
    monkeypatch.setattr("ablate.plan.budget.occupancy", lambda *_, **__: made)
    scheduled = training.make_schedule
    monkeypatch.setattr(training, "make_schedule", lambda *given: replace(scheduled(*given), seconds=0.0))
    _, heard = run(listener, "engine.budget_h=5")
    assert {record.replicate for record in heard.records} == {0, 1}
    assert "of 5 processor hours (engine.budget_h) 1 is left" in heard.remarks[0]


def test_the_plan_says_that_a_budget_may_end_it(here):
    noted = study.examine(study.plan((*TINY, "engine.budget_h=7"))).notes
    assert any(
        note.startswith("The study ends after 7 processor hours (engine.budget_h), with whole") for note in noted
    )


def test_the_plan_says_what_memory_a_training_may_take(here, monkeypatch):
    monkeypatch.setattr("ablate.execute.engines.inline.Inline.ends_trials", True)
    said = (
        "A training may take 2.5 GB of main memory (trainer.memory_gb). One that takes more is ended and counts as "
        "failed; the others go on."
    )
    assert said in study.examine(study.plan((*TINY, "trainer.memory_gb=2.5"))).notes
    assert not [note for note in study.examine(study.plan(TINY)).notes if "trainer.memory_gb" in note]


def test_a_study_that_is_submitted_and_left_has_no_budget(here, listener):
    words = (*[word for word in TINY if "engine" not in word], "engine=slurm", "engine.budget_h=1")
    with pytest.raises(ConfigError, match="is counted by it"):
        study.run(words, observer=listener, detach=True)
