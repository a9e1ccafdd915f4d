"""What the planner decides of GPUs reaches the engine and the plan. The decision is planted: there is no GPU."""

from dataclasses import replace

import pytest

from ablate import study
from ablate.execute import planner
from ablate.execute.engines.inline import Inline

WORDS = (
    *("smoke", "engine=inline", "replicates=1", "model.width=4", "model.depth=0", "model.skip_span=0"),
    *("data.limit=60", "data.val_size=10", "data.test_size=20"),
)


@pytest.fixture
def decided(monkeypatch):
    """Has the planner give two workers a GPU each, and put the trials on the processor; keeps what it was asked."""
    real, asked = planner.schedule, []

    def schedule(*trials, **options):
        asked.append(options)
        return replace(real(*trials, **options), gpus=2, workers=2, places=(1, 0), accelerator="cpu")

    monkeypatch.setattr(planner, "schedule", schedule)
    return asked


def test_an_engine_that_pins_its_workers_gets_their_places(here, decided, monkeypatch, listener):
    placed, real = [], Inline.run

    def run(self, jobs, *, places, **options):
        placed.append(places)
        return real(self, jobs, **options)

    monkeypatch.setattr(Inline, "run", run)
    monkeypatch.setattr(Inline, "pins_workers", True)
    monkeypatch.setattr(Inline, "workers_are_fixed", False)
    study.run(WORDS, observer=listener, cwd=here)
    assert placed == [(1, 0)]
    assert [(options["fixed"], options["pins"]) for options in decided] == [(False, True)]


def test_any_other_engine_is_asked_as_before(here, decided, listener):
    """A signature of `run` without places goes on working, and records say where their trials trained."""
    _, path = study.run(WORDS, observer=listener, cwd=here)
    assert [(options["fixed"], options["pins"]) for options in decided] == [(True, False)]
    records = study.plan(WORDS, cwd=here).records
    assert {record.config["trainer"]["accelerator"] for record in records} == {"cpu"}
    assert path.is_dir()
    assert study.plan(WORDS, cwd=here).finished == len(records)


def test_the_plan_says_on_how_many_gpus(here, decided):
    outlook = study.examine(study.plan(WORDS, cwd=here))
    assert (outlook.workers, outlook.gpus) == (2, 2)
    assert len(decided) == 1
