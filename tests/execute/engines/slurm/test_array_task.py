"""What a task of a job array trains at its first start and at later ones, and what it replies."""

import signal
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

import pytest

from ablate.execute.bundle import run_bundle
from ablate.execute.engines.job_outcome import JobOutcome, Trained
from ablate.execute.engines.slurm import array_task, commands
from ablate.execute.engines.slurm.array_task import combined, epochs_kept, unfinished_parts, with_current_sources
from ablate.execute.engines.slurm.batch import Batch, current_sources
from ablate.execute.engines.slurm.reply import Reply
from ablate.execute.train.job import one_by_one
from ablate.store import StudyDirectory
from ablate.store.progress import Progress, keep


def test_a_later_start_trains_what_the_earlier_one_has_not_finished(make_job, join, place):
    (place / "faults-anywhere").unlink()
    job = join([make_job(replicate=replicate) for replicate in range(3)])
    assert unfinished_parts(job) == (job,), "nothing was finished: all as one"
    run_bundle(one_by_one(job)[1], engine="slurm", threads=1)
    assert unfinished_parts(job) == (one_by_one(job)[0], one_by_one(job)[2])
    other = replace(job, sources=("older",) * 3)
    assert unfinished_parts(other) == (other,), "a record of other code does not count"


def test_a_trial_that_failed_before_is_trained_again(make_job, place):
    job = make_job("raise")
    run_bundle(job, engine="slurm", threads=1)
    assert unfinished_parts(job) == (job,)


def test_the_record_names_the_code_that_was_trained_not_the_code_that_was_submitted(make_job, place):
    job = make_job()
    before = current_sources(job)
    assert with_current_sources(job, before) == job
    file = Path("trouble.py")
    file.write_text(file.read_text() + "\nNEW = 1\n")
    assert with_current_sources(job, before).sources == current_sources(job) != before


def test_the_outcomes_of_parts_are_combined_in_one_reply(make_job, join):
    job = join([make_job(replicate=replicate) for replicate in range(3)])
    first, second, third = one_by_one(job)
    done, short = JobOutcome(trained=Trained()), JobOutcome(trained=Trained(remaining=(0,)))
    assert combined(job, [(job, short)]) == Reply(trained=Trained(remaining=(0,)))
    assert combined(job, [(first, done), (third, short)]) == Reply(trained=Trained(remaining=(2,)))
    assert combined(job, [(second, done), (third, JobOutcome(died="killed"))]) == Reply(died="killed")


@pytest.mark.parametrize("is_ended", [False, True])
def test_a_task_that_slurm_ends_was_queued_again_though_scontrol_was_ended_before_it_could_say_so(
    make_job, place, monkeypatch, is_ended
):
    monkeypatch.setattr(array_task, "SIGNAL_DELAY_S", 0.05)
    job, arrived = make_job(), SimpleQueue()
    batch = Batch.write(place / "study", [job], threads=1, cap=1, is_detached=False)

    def requeue(_):
        arrived.put(Future())  # of the worker, which has been ended
        if is_ended:
            arrived.put(signal.SIGTERM)
        raise commands.SlurmError("scontrol requeue: killed by SIGTERM")

    monkeypatch.setattr(commands, "requeue", requeue)
    task = array_task.ArrayTask(batch, 0, threads=1, signals=arrived, slurm={"SLURM_JOB_ID": "7"})
    assert task._requeue(job, finished_before=0, is_further=True) == 0
    said = [reply.died.partition(", and ")[2] for reply in batch.replies().values()]
    assert said == ([] if is_ended else ["could not be queued again: scontrol requeue: killed by SIGTERM"])


def test_a_start_that_runs_out_of_time_has_got_further_where_an_epoch_was_kept(make_job, join, place):
    job = replace(join([make_job(replicate=replicate) for replicate in range(2)]), checkpoint_min=1.0)
    assert epochs_kept([job]) == 0
    trials = tuple(trial.id for trial in job.bundle.trials)
    kept = Progress(trials=trials, stacked=True, conv_as_matmul=False, epoch=7)
    keep(StudyDirectory(job.directory).trial(trials[0]), kept, b"state")
    assert epochs_kept([job]) == 7
    assert epochs_kept(one_by_one(job)) == 0, "what is kept of a stack is of no use to its members alone"
    assert epochs_kept([replace(job, checkpoint_min=None)]) == 0
