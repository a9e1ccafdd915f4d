"""What a task trains, at its first start and at later ones."""

from dataclasses import replace
from pathlib import Path

from ablate.execute.bundle import run_bundle
from ablate.execute.engines.slurm.answer import Answer
from ablate.execute.engines.slurm.array_task import as_found, joined, left_of
from ablate.execute.engines.slurm.batch import sources_now
from ablate.execute.engines.team import Ended, Trained
from ablate.execute.train.job import one_by_one


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
