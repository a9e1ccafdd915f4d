"""What a task trains, at its first start and at later ones."""

from dataclasses import replace
from pathlib import Path

from ablate.execute.bundle import run_bundle
from ablate.execute.engines.slurm.answer import Answer
from ablate.execute.engines.slurm.array_task import as_found, epochs_kept, joined, left_of
from ablate.execute.engines.slurm.batch import sources_now
from ablate.execute.engines.team import Ended, Trained
from ablate.execute.train.job import one_by_one
from ablate.store import StudyDirectory
from ablate.store.progress import Progress, keep


def test_a_later_start_trains_what_the_earlier_one_has_left(make_job, join, place):
    (place / "faults-anywhere").unlink()
    job = join([make_job(replicate=replicate) for replicate in range(3)])
    assert left_of(job) == (job,), "nothing was finished: all as one"
    run_bundle(one_by_one(job)[1], engine="slurm", threads=1)
    assert left_of(job) == (one_by_one(job)[0], one_by_one(job)[2])
    other = replace(job, sources=("older",) * 3)
    assert left_of(other) == (other,), "a record of other code is none of this job"


def test_a_trial_that_failed_before_is_trained_again(make_job, place):
    job = make_job("raise")
    run_bundle(job, engine="slurm", threads=1)
    assert left_of(job) == (job,)


def test_code_that_has_changed_in_the_queue_is_what_the_record_names(make_job, place):
    job = make_job()
    before = sources_now(job)
    assert as_found(job, before) == job
    file = Path("trouble.py")
    file.write_text(file.read_text() + "\nNEW = 1\n")
    assert as_found(job, before).sources == sources_now(job) != before


def test_answers_of_parts_are_one_answer_of_the_job(make_job, join):
    job = join([make_job(replicate=replicate) for replicate in range(3)])
    first, second, third = one_by_one(job)
    done, short = Ended(trained=Trained()), Ended(trained=Trained(left=(0,)))
    assert joined(job, [(job, short)]) == Answer(trained=Trained(left=(0,)))
    assert joined(job, [(first, done), (third, short)]) == Answer(trained=Trained(left=(2,)))
    assert joined(job, [(second, done), (third, Ended(died="killed"))]) == Answer(died="killed")


def test_a_start_that_runs_out_of_time_has_got_further_where_an_epoch_was_kept(make_job, join, place):
    job = replace(join([make_job(replicate=replicate) for replicate in range(2)]), checkpoint_min=1.0)
    assert epochs_kept([job]) == 0
    trials = tuple(trial.id for trial in job.bundle.trials)
    kept = Progress(trials=trials, stacked=True, conv_as_matmul=False, epoch=7)
    keep(StudyDirectory(job.directory).trial(trials[0]), kept, b"state")
    assert epochs_kept([job]) == 7
    assert epochs_kept(one_by_one(job)) == 0, "what is kept of a stack is of no use to its members alone"
    assert epochs_kept([replace(job, checkpoint_min=None)]) == 0
