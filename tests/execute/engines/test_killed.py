"""A training whose process is killed goes on where its state was last kept, on every engine."""

import os
from dataclasses import replace

import pytest

from ablate.execute.engines.wording import describe
from ablate.store import StudyDirectory
from tests.every_engine import EVERY_ENGINE

pytestmark = pytest.mark.numeric

EVERY_EPOCH = 1e-9


@pytest.fixture(params=EVERY_ENGINE)
def any_engine(request, make_engine):
    return make_engine(request.param)


def trained(engine, job):
    """The records by trial, and what the engine said. With `inline`, it is a copy of this process that is killed."""
    said = []
    engine.on_message = said.append
    if engine.name == "inline":
        if not (copy := os.fork()):
            list(engine.run([job]))
            os._exit(0)
        assert os.WIFSIGNALED(os.waitpid(copy, 0)[1])
    return {record.id: record for records in engine.run([job]) for record in records}, said


def undisturbed(engine, job, place):
    """What the same trials come to, each epoch of which ends in the process in which the first began."""
    assert (place / "killed").exists()
    (found,) = engine.run([replace(job, directory=place / "undisturbed", checkpoint_min=None)])
    return {record.id: record for record in found}


def check(any_engine, job, place):
    """Trains a job that is killed once; returns what was said."""
    records, said = trained(any_engine, job)
    calls = [len(path.read_text()) for path in (place / "calls").iterdir()]
    expected = undisturbed(any_engine, job, place)
    whole = sum(len(path.read_text()) for path in (place / "calls").iterdir()) - sum(calls)
    assert len(calls) == 2, "two processes trained it"
    assert max(calls) < whole, "each of them trained a part of it"
    for trial_id, record in expected.items():
        found = records[trial_id]
        assert (found.state, found.responses, found.counts) == ("complete", record.responses, record.counts)
        assert found.diagnostics == record.diagnostics
        curves = [StudyDirectory(place / name).trial(trial_id) / "curve.csv" for name in ("study", "undisturbed")]
        assert curves[0].read_bytes() == curves[1].read_bytes()
    assert not [*place.rglob("checkpoint.*")], "a record takes the place of a checkpoint"
    return said


def test_a_training_that_is_killed_goes_on_to_the_same_bits(any_engine, make_job, place):
    job = replace(make_job("kill late", epochs=6), checkpoint_min=EVERY_EPOCH)
    said = check(any_engine, job, place)
    if any_engine.name != "inline":
        assert len(said) == 1
        assert said[0].startswith(f"The worker of {describe(job)} died: killed by SIGKILL")
        assert said[0].endswith("It goes on from its checkpoint after epoch 3.")


def test_a_stack_that_is_killed_goes_on_as_one(any_engine, make_job, join, place):
    job = join([make_job("kill late", replicate, epochs=6) for replicate in range(3)])
    said = check(any_engine, replace(job, checkpoint_min=EVERY_EPOCH), place)
    if any_engine.name != "inline":
        assert said[0].endswith("They go on as one from their checkpoint after epoch 3.")
