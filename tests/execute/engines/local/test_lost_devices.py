"""A device that takes no more work from a process costs the trial at fault, and no other. Faults planted on a CPU."""

import pytest

from ablate.store import StudyDirectory


def run(engine, jobs):
    said = []
    engine.on_message = said.append
    return [record for records in engine.run(jobs) for record in records], said


def test_trials_after_it_train_in_another_process(make_engine, make_job, place, watch):
    jobs = [make_job("none", 0), make_job("assert", 1), make_job("none", 2), make_job("none", 3)]
    records, said = run(make_engine("local", workers=1, retries=0), jobs)
    assert [(r.replicate, r.state) for r in records] == [
        (0, "complete"),
        (1, "failed"),
        (2, "complete"),
        (3, "complete"),
    ]
    assert "device-side assert triggered" in records[1].error
    directory = StudyDirectory(place / "study")
    assert "device-side assert triggered\n" in (directory.trial(records[1].id) / "traceback.txt").read_text()
    assert len(watch.trained_in(place)) == 2
    assert said == [
        f"The device of trial {records[1].id} (fault assert, replicate 1) takes no more work from its process: CUDA "
        "error: device-side assert triggered. The process is replaced."
    ]
    watch.wait_for(lambda: not any(map(watch.is_alive, watch.trained_in(place))), "its processes to end")


@pytest.mark.parametrize(("fault", "state", "processes"), [("assert once", "complete", 2), ("assert", "failed", 4)])
def test_members_of_a_stack_are_each_trained_alone(make_engine, make_job, join, place, watch, fault, state, processes):
    stack = join([make_job(fault, replicate) for replicate in range(3)])
    records, said = run(make_engine("local", workers=1, retries=0), [stack])
    assert [(r.replicate, r.state) for r in records] == [(0, state), (1, state), (2, state)]
    assert StudyDirectory(place / "study").contents().records == {r.id: r for r in records}
    assert len(watch.trained_in(place)) == processes
    assert said[0].startswith("The device of 3 trials takes no more work from its process: CUDA error: ")
    assert said[0].endswith(" The process is replaced. 3 of them are trained again, each alone.")
    assert len(said) == processes - (state == "complete")


def test_what_a_job_had_not_begun_is_trained_elsewhere(make_engine, make_job, join, place):
    """One after the other, not stacked."""
    from dataclasses import replace

    job = join([make_job("none", 0), make_job("assert", 1), make_job("none", 2), make_job("none", 3)])
    job = replace(job, bundle=replace(job.bundle, stacked=False))
    records, said = run(make_engine("local", workers=1, retries=0), [job])
    assert {r.replicate: r.state for r in records} == {0: "complete", 1: "failed", 2: "complete", 3: "complete"}
    assert said[0].endswith("2 of them are trained again, each alone.")


def lose_the_device():
    import torch

    def synchronize():
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    torch.cuda.is_initialized, torch.cuda.synchronize = lambda: True, synchronize
    return "examined"


def is_lost():
    from ablate.execute.process.lost_device import lost_device

    return lost_device()


def test_a_process_that_lost_it_while_networks_were_examined_is_replaced(make_engine):
    engine = make_engine("local")
    assert engine.call(lose_the_device) == "examined"
    assert engine.call(is_lost) is None
    engine.close()


@pytest.mark.parametrize(
    "says", ["CUDA error: out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_NOT_INITIALIZED"]
)
def test_a_trial_that_ran_out_of_memory_is_tried_once_more_when_its_neighbours_are_done(
    make_engine, make_job, place, says
):
    (place / "says").write_text(says)
    jobs = [make_job("wait", 0), make_job("crowded", 1)]
    records, said = run(make_engine("local", workers=2), jobs)
    assert [(r.replicate, r.state) for r in records] == [(0, "complete"), (1, "complete")]
    assert said == [
        f"Trial {records[1].id} (fault crowded, replicate 1) ran out of memory. It is trained once more when no other "
        "trial trains."
    ]


def test_one_that_runs_out_of_memory_again_has_failed(make_engine, make_job, place):
    records, said = run(make_engine("local", workers=2), [make_job("memory"), make_job(), make_job(replicate=1)])
    assert sorted((r.levels["fault"], r.state) for r in records) == [("memory", "failed"), *[("none", "complete")] * 2]
    assert records[-1].levels["fault"] == "memory"
    assert len(said) == 1
