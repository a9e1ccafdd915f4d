"""A batch on disk: it is found again, claimed by one array, and not executed if it was changed."""

import stat
from dataclasses import replace

import pytest

from ablate.errors import EngineError, StoreError
from ablate.execute.engines.job_outcome import JobOutcome, Trained
from ablate.execute.engines.slurm.batch import BATCH, JOBS, Batch, batches, read_batch, remove_incomplete
from ablate.execute.engines.slurm.reply import Reply


@pytest.fixture
def batch(make_job, place):
    jobs = [make_job(replicate=replicate) for replicate in range(3)]
    return Batch.write(place / "study", jobs, threads=2, cap=2, is_detached=False)


def test_it_is_found_as_it_was_written(batch, place):
    (found,) = batches(place / "study")
    assert found.description == batch.description
    assert [len(entry.trials) for entry in found.description.tasks] == [1, 1, 1]
    payload = found.payload(found.payload_digest())
    assert tuple(t.id for job in payload.jobs for t in job.bundle.trials) == tuple(
        trial for entry in found.description.tasks for trial in entry.trials
    )
    assert (payload.threads, found.job_id) == (2, None)


def test_only_the_user_can_enter_the_folder(batch):
    assert stat.S_IMODE(batch.folder.stat().st_mode) == 0o700


def test_jobs_that_were_changed_are_not_read(batch):
    digest = batch.payload_digest()
    (batch.folder / JOBS).write_bytes(b"cos\nsystem\n(S'touch harm'\ntR.")
    with pytest.raises(EngineError, match="not what was submitted"):
        batch.payload(digest)
    assert not (batch.folder.parent.parent.parent / "harm").exists()


def test_the_first_array_that_starts_trains_it(batch):
    assert batch.claim(12)
    assert not batch.claim(15)
    assert batch.claim(12), "its other tasks, and its later starts"
    assert batch.job_id == 12
    batch.note_submitted(15)
    assert batch.job_id == 12


def test_the_job_id_that_sbatch_printed_is_known_before_a_task_starts(batch):
    batch.note_submitted(15)
    assert read_batch(batch.folder).job_id == 15


def test_a_reply_is_collected_once(batch):
    batch.write_reply(1, Reply(trained=Trained(remaining=(0,))))
    assert batch.replies() == {1: Reply(trained=Trained(remaining=(0,)))}
    batch.collect(1)
    batch.collect(2)  # which has not replied
    assert batch.replies() == {}
    assert batch.collected() == {1, 2}


def test_starts_are_counted(batch):
    assert [batch.note_start(0, "now"), batch.note_start(0, "again"), batch.note_start(2, "now")] == [1, 2, 1]
    assert batch.started() == {0, 2}


@pytest.mark.parametrize(
    "outcome",
    [
        JobOutcome(trained=Trained(device_error="asserted", remaining=(0, 2), was_halved=True)),
        JobOutcome(died="killed by SIGKILL", is_overdue=True),
        JobOutcome(error=StoreError("The disk is full.")),
    ],
)
def test_a_reply_restores_the_outcome(outcome):
    found = Reply.of(outcome).outcome
    assert replace(found, error=None) == replace(outcome, error=None)
    assert (type(found.error), str(found.error)) == (type(outcome.error), str(outcome.error))


def test_an_error_of_another_class_becomes_a_runtime_error_with_its_name():
    found = Reply.of(JobOutcome(error=ZeroDivisionError("by 0"))).outcome.error
    assert (type(found), str(found)) == (RuntimeError, "ZeroDivisionError('by 0')")
    assert isinstance(Reply(error="?", kind="annotations").outcome.error, RuntimeError)


def test_an_incomplete_batch_is_removed_and_one_of_another_version_is_not(batch, place):
    half = batch.folder.parent / "half"
    half.mkdir()
    (half / JOBS).touch()
    remove_incomplete(place / "study")
    assert not half.exists()
    (found,) = batches(place / "study")
    assert found.folder == batch.folder
    (batch.folder / BATCH).write_text('{"name": "ablate-x", "colour": 3}')
    with pytest.raises(StoreError, match=r"batch\.json cannot be read: .*squeue --me"):
        list(batches(place / "study"))
    assert batch.folder.exists()


def test_a_name_that_could_match_jobs_of_others_is_refused(batch):
    text = (batch.folder / BATCH).read_text().replace(batch.name, "ablate-a,--name=b")
    (batch.folder / BATCH).write_text(text)
    with pytest.raises(StoreError, match="names no job of ablate"):
        read_batch(batch.folder)


def test_removing_the_last_batch_removes_the_folder_of_all(batch, place):
    batch.remove()
    assert not (place / "study" / "slurm").exists()
