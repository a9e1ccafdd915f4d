import os

import pytest
import torch

from ablate.errors import DeathError
from ablate.store import StudyDirectory


def test_jobs_are_trained_in_this_process_in_their_order(make_engine, make_job, place, watch):
    jobs = [make_job(replicate=r) for r in (2, 0, 1)]
    assert [records[0].replicate for records in make_engine("inline").run(jobs)] == [2, 0, 1]
    assert watch.trained_in(place) == set()
    assert (place / "pids" / str(os.getpid())).exists()


def test_nothing_is_trained_before_it_is_asked_for(make_engine, make_job, place):
    results = make_engine("inline").run([make_job(replicate=r) for r in range(3)])
    directory = StudyDirectory(place / "study")
    assert directory.contents().records == {}
    next(results)
    assert len(directory.contents().records) == 1


def test_ctrl_c_ends_the_study_and_keeps_what_is_finished(make_engine, make_job, place):
    jobs = [make_job(), make_job("interrupt"), make_job(replicate=1)]
    results = make_engine("inline").run(jobs)
    finished = next(results)
    with pytest.raises(KeyboardInterrupt):
        next(results)
    assert StudyDirectory(place / "study").contents().records == {r.id: r for r in finished}


def test_a_device_that_is_lost_ends_it_and_says_what_is_left(make_engine, make_job, join, place, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_initialized", torch.cuda.is_initialized)  # both are put back
    monkeypatch.setattr(torch.cuda, "synchronize", torch.cuda.synchronize)
    jobs = [make_job("none", 0), join([make_job("assert", 1), make_job("assert", 2)]), make_job("none", 3)]
    results = make_engine("inline").run(jobs)
    seen = [(record.replicate, record.state) for _ in range(2) for record in next(results)]
    with pytest.raises(DeathError) as caught:
        next(results)
    assert seen == [(0, "complete"), (1, "failed"), (2, "failed")]  # whoever it was of the stack
    assert str(caught.value) == (
        "The device takes no more work from this process: CUDA error: device-side assert triggered. Of its trials, 3 "
        "are recorded, 2 of them as failed, and 1 is left. Run the same command to go on, with engine=local: it "
        "replaces the process, and trains the others."
    )
    records = StudyDirectory(place / "study").contents().records
    assert {record.state for record in records.values()} == {"complete", "failed"}
    with pytest.raises(DeathError, match=r"takes no more work from this process, which has examined .* engine=local"):
        make_engine("inline").call(len, "networks")


def test_a_trial_that_ran_out_of_memory_is_tried_once_more_at_the_end(make_engine, make_job, place):
    (place / "says").write_text("CUDA error: out of memory")
    engine, said = make_engine("inline"), []
    engine.on_message = said.append
    jobs = [make_job("crowded", 0), make_job("memory", 1), make_job("none", 2)]
    records = [(r.replicate, r.state) for records in engine.run(jobs) for r in records]
    assert records == [(2, "complete"), (0, "complete"), (1, "failed")]
    assert [line.partition(" (")[2] for line in said] == [
        f"fault {fault}, replicate {r}) ran out of memory. It is trained once more when no other trial trains."
        for r, fault in enumerate(("crowded", "memory"))
    ]
