"""Trials whose worker is killed are tried again; those that never end are ended."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from ablate.errors import ConfigError, EngineError
from ablate.execute.engines import engine
from ablate.execute.train.job import record_timeout, time_limit_min
from ablate.store import StudyDirectory

SHORT_MIN = 0.05
"""Enough for the smallest training even on a busy machine: it takes some hundredths of a second."""


def run(engine, jobs):
    said = []
    engine.on_message = said.append
    return [record for records in engine.run(jobs) for record in records], said


def test_a_trial_whose_worker_was_killed_is_tried_again(make_engine, make_job, place):
    job = make_job("kill once", 1)
    records, said = run(make_engine("local"), [make_job(), job])
    assert {(r.levels["fault"], r.state) for r in records} == {("none", "complete"), ("kill once", "complete")}
    assert said == [
        f"The worker of trial {job.bundle.trials[0].id} (fault kill once, replicate 1) died: killed by SIGKILL (out of "
        "memory, most often). It is trained again."
    ]


def die_once(path):
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def test_a_call_whose_process_was_killed_is_made_again(make_engine, tmp_path):
    engine = make_engine("local")
    assert engine.call(die_once, tmp_path / "once") == "done"
    engine.close()
    with pytest.raises(EngineError, match="killed by SIGKILL"):
        make_engine("local", retries=0).call(die_once, tmp_path / "again")


def test_a_process_that_is_stopped_before_it_has_a_group_of_its_own_is_killed(make_engine):
    engine = make_engine("local")
    engine.call(len, "start")
    caller, stopped = engine._caller.worker, subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    started, caller._context.process = caller._context.process, stopped
    try:
        stopped.send_signal(signal.SIGSTOP)
        caller._started = time.time()
        caller._kill_group()
        assert stopped.wait(10) == -signal.SIGKILL
    finally:
        stopped.kill()
        caller._context.process = started


def test_a_process_that_has_the_number_of_a_worker_that_is_gone_is_left_alone(make_engine, monkeypatch):
    engine = make_engine("local")
    engine.call(len, "start")
    caller = engine._caller.worker
    killed = []
    monkeypatch.setattr(os, "killpg", lambda *args: killed.append(args))
    caller._kill_group()
    assert killed == [(caller._context.process.pid, signal.SIGKILL)]
    monkeypatch.setattr(caller, "_started", caller._started - 1000)  # the process of that number is younger
    caller._kill_group()
    assert len(killed) == 1
    monkeypatch.undo()
    engine.close()


def test_retries_are_counted(make_engine, make_job, place):
    records, said = run(make_engine("local", retries=0), [make_job("kill once")])
    assert ([r.state for r in records], said) == (["failed"], [])
    records, said = run(make_engine("local", retries=2), [make_job("kill")])
    assert ([r.state for r in records], len(said)) == (["failed"], 2)
    with pytest.raises(ConfigError, match=r"engine.retries=-1 must be 0 or more"):
        make_engine("local", retries=-1)


@pytest.mark.parametrize("fault", ["sleep", "spin", "stop"])
def test_a_trial_that_never_ends_is_ended_and_censored(make_engine, make_job, place, watch, fault):
    jobs = [make_job(replicate=0), make_job(fault, 1, timeout_min=SHORT_MIN), make_job(replicate=2)]
    records, said = run(make_engine("local", workers=1), jobs)
    assert [(r.levels["fault"], r.state) for r in records] == [("none", "complete"), (fault, "timed_out"),
                                                             ("none", "complete")]  # fmt: skip
    censored = records[1]
    assert censored.error == "not done after 0.05 min (trainer.timeout_min)"
    assert (censored.responses, censored.is_result, said) == ({}, False, [])
    assert StudyDirectory(place / "study").record(censored.id) == censored
    watch.wait_for(lambda: not any(map(watch.is_alive, watch.trained_in(place))), "its process to end")


def test_members_of_a_bundle_that_ran_out_of_time_are_each_trained_alone(make_engine, make_job, join, place):
    members = [make_job(f, r, timeout_min=SHORT_MIN) for r, f in enumerate(["none", "sleep", "none"])]
    bundle = join(members)
    assert time_limit_min(bundle) == pytest.approx(3 * SHORT_MIN)
    records, said = run(make_engine("local", workers=1), [bundle])
    assert {r.replicate: r.state for r in records} == {0: "complete", 1: "timed_out", 2: "complete"}
    (message,) = said
    assert message.startswith("The worker of 3 trials was ended after 0.15 min (trainer.timeout_min). ")
    assert message.endswith(" trained again, each alone.")


def test_one_member_without_a_limit_lifts_that_of_its_bundle(make_job, join):
    assert time_limit_min(join([make_job(timeout_min=1.0), make_job(replicate=1)])) is None


def test_what_a_worker_had_finished_when_it_was_ended_counts(make_engine, make_job, join, place):
    """Here one after the other, not stacked: the first is on disk when the second never ends."""
    from dataclasses import replace

    bundle = join([make_job(timeout_min=SHORT_MIN), make_job("sleep", 1, timeout_min=SHORT_MIN)])
    bundle = replace(bundle, bundle=replace(bundle.bundle, stacked=False))
    records, said = run(make_engine("local", workers=1), [bundle])
    assert {r.replicate: r.state for r in records} == {0: "complete", 1: "timed_out"}
    assert len(said) == 1
    assert "It is trained again." in said[0]


def test_inline_cannot_end_a_trial_and_local_can():
    assert not engine({"name": "inline", "threads": 1}).ends_trials
    assert engine({"name": "local", "workers": 1, "threads": 1}).ends_trials


def test_a_record_of_a_trial_that_timed_out_has_what_its_study_stated(make_job):
    job = replace(make_job(timeout_min=1.0), stated="cafe")
    assert record_timeout(job, engine="local", threads=1).stated == "cafe"
