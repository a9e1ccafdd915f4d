import os

import pytest

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
