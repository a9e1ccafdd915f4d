"""A batch on disk: what is found again, claimed once, and never executed if it was changed."""

import stat
from dataclasses import replace

import pytest

from ablate.errors import EngineError, StoreError
from ablate.execute.engines.slurm.answer import Answer
from ablate.execute.engines.slurm.batch import BATCH, JOBS, Batch, at, batches, sweep
from ablate.execute.engines.team import Ended, Trained


@pytest.fixture
def batch(make_job, place):
    jobs = [make_job(replicate=replicate) for replicate in range(3)]
    return Batch.write(place / "study", jobs, threads=2, cap=2, is_detached=False)


def test_it_is_found_as_it_was_written(batch, place):
    (found,) = batches(place / "study")
    assert found.description == batch.description
    assert [len(entry.trials) for entry in found.description.tasks] == [1, 1, 1]
    sent = found.sent(found.digest())
    assert tuple(t.id for job in sent.jobs for t in job.bundle.trials) == tuple(
        trial for entry in found.description.tasks for trial in entry.trials
    )
    assert (sent.threads, found.job_id) == (2, None)


def test_nobody_else_can_read_or_write_what_is_executed(batch):
    assert stat.S_IMODE(batch.folder.stat().st_mode) == 0o700


def test_jobs_that_were_changed_are_not_read(batch):
    digest = batch.digest()
    (batch.folder / JOBS).write_bytes(b"cos\nsystem\n(S'touch harm'\ntR.")
    with pytest.raises(EngineError, match="not what was submitted"):
        batch.sent(digest)
    assert not (batch.folder.parent.parent.parent / "harm").exists()


def test_one_array_trains_it_whoever_starts_first(batch):
    assert batch.claim(12)
    assert not batch.claim(15)
    assert batch.claim(12), "its other tasks, and its later starts"
    assert batch.job_id == 12
    batch.note_submitted(15)
    assert batch.job_id == 12


def test_what_sbatch_has_answered_is_known_before_a_task_starts(batch):
    batch.note_submitted(15)
    assert at(batch.folder).job_id == 15


def test_an_answer_is_had_once(batch):
    batch.answer(1, Answer(trained=Trained(left=(0,))))
    assert batch.answers() == {1: Answer(trained=Trained(left=(0,)))}
    batch.collect(1)
    batch.collect(2)  # of which there was no answer
    assert batch.answers() == {}
    assert batch.collected() == {1, 2}


def test_starts_are_counted(batch):
    assert [batch.note_begun(0, "now"), batch.note_begun(0, "again"), batch.note_begun(2, "now")] == [1, 2, 1]
    assert batch.begun() == {0, 2}


@pytest.mark.parametrize(
    "ended",
    [
        Ended(trained=Trained(lost="the device", left=(0, 2), halved=True)),
        Ended(died="killed by SIGKILL", is_overdue=True),
        Ended(error=StoreError("The disk is full.")),
    ],
)
def test_an_ending_is_told_as_it_was(ended):
    found = Answer.of(ended).ended
    assert replace(found, error=None) == replace(ended, error=None)
    assert (type(found.error), str(found.error)) == (type(ended.error), str(ended.error))


def test_an_error_that_is_not_ablates_is_told_by_its_name():
    found = Answer.of(Ended(error=ZeroDivisionError("by 0"))).ended.error
    assert (type(found), str(found)) == (RuntimeError, "ZeroDivisionError('by 0')")
    assert isinstance(Answer(error="?", kind="annotations").ended.error, RuntimeError)


def test_one_that_was_not_written_whole_is_removed_and_one_of_another_version_is_not(batch, place):
    half = batch.folder.parent / "half"
    half.mkdir()
    (half / JOBS).touch()
    sweep(place / "study")
    assert not half.exists()
    (found,) = batches(place / "study")
    assert found.folder == batch.folder
    (batch.folder / BATCH).write_text('{"name": "ablate-x", "colour": 3}')
    with pytest.raises(StoreError, match=r"batch\.json cannot be read: .*squeue --me"):
        list(batches(place / "study"))
    assert batch.folder.exists()


def test_a_name_that_could_name_others_jobs_is_refused(batch):
    text = (batch.folder / BATCH).read_text().replace(batch.name, "ablate-a,--name=b")
    (batch.folder / BATCH).write_text(text)
    with pytest.raises(StoreError, match="names no job of ablate"):
        at(batch.folder)


def test_the_last_one_leaves_nothing(batch, place):
    batch.remove()
    assert not (place / "study" / "slurm").exists()
