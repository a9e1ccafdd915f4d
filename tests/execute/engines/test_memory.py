"""A training that takes more memory than it may is ended, and costs no other."""

import pytest

from ablate import study
from ablate.errors import ConfigError
from ablate.execute.train.job import memory_limit_gb
from tests.every_engine import EVERY_ENGINE

LIMIT_GB = 0.35
"""More than the smallest training takes; what it holds on purpose is .4 GB."""

ENDING = [engine for engine in EVERY_ENGINE if engine != "inline"]


def run(engine, jobs):
    said = []
    engine.on_message = said.append
    return {r.replicate: r for records in engine.run(jobs) for r in records}, said


@pytest.mark.parametrize("name", ENDING)
def test_a_training_that_takes_too_much_memory_fails_alone(make_engine, make_job, name):
    jobs = [make_job("large", 0, memory_gb=LIMIT_GB), *(make_job("none", r, memory_gb=LIMIT_GB) for r in (1, 2))]
    records, said = run(make_engine(name), jobs)
    assert {r: record.state for r, record in records.items()} == {0: "failed", 1: "complete", 2: "complete"}
    assert "GB of memory, and 0.35 GB are allowed (trainer.memory_gb)" in records[0].error
    assert said == [], "it is not tried again"


@pytest.mark.parametrize("name", ENDING)
def test_of_several_that_take_too_much_those_left_are_trained_alone(make_engine, make_job, join, name):
    job = join([make_job(fault, r, memory_gb=LIMIT_GB / 3) for r, fault in enumerate(["none", "large", "none"])])
    records, said = run(make_engine(name), [job])
    assert memory_limit_gb(job) == pytest.approx(LIMIT_GB)
    assert records[1].state == "failed"
    assert len(records) == 3
    assert "was ended: it took" in said[0]
    assert "2 of them are trained again, each alone" in said[0]


def test_a_limit_that_cannot_be_kept_is_refused(here, listener):
    with pytest.raises(ConfigError, match="memory_gb=2 cannot be kept: engine=inline"):
        study.run(("smoke", "engine=inline", "trainer.memory_gb=2"), observer=listener)
    with pytest.raises(ConfigError, match="must be GB, more than 0"):
        study.run(("smoke", "trainer.memory_gb=0"), observer=listener)
