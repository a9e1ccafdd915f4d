"""Trials whose worker, or the actor that holds it, is killed or never ends."""

import sys
import threading

import psutil
import pytest

from ablate.errors import ConfigError, EngineError
from ablate.execute.engines import engine
from ablate.execute.engines.ray import connection
from ablate.execute.engines.ray.worker import cause
from ablate.passed_objects import PassedObject, bound
from ablate.store import StudyDirectory

SHORT_MIN = 0.05


def run(engine, jobs):
    said = []
    engine.on_message = said.append
    return [record for records in engine.run(jobs) for record in records], said


def test_workers_are_lost_or_never_end_and_imports_are_paid_once(make_engine, make_job, place, watch):
    jobs = [make_job("kill once", 0), make_job("sleep", 1, timeout_min=SHORT_MIN), make_job("none", 2)]
    records, said = run(make_engine("ray", workers=1), jobs)
    states = {r.replicate: r.state for r in records}
    assert states == {0: "complete", 1: "timed_out", 2: "complete"}
    assert said == [
        f"The worker of trial {jobs[0].bundle.trials[0].id} (fault kill once, replicate 0) died: killed by SIGKILL "
        "(out of memory, most often). It is trained again."
    ]
    assert StudyDirectory(place / "study").contents().records == {r.id: r for r in records}
    assert len(watch.trained_in(place)) == 3, "one was killed, one was ended, the last trained two"


@pytest.mark.parametrize(("retries", "state"), [(1, "complete"), (0, "failed")])
def test_an_actor_that_is_killed_costs_its_trial_a_retry(make_engine, make_job, place, watch, retries, state):
    def kill():
        watch.wait_for(lambda: watch.trained_in(place), "a training")
        (pid,) = watch.trained_in(place)
        psutil.Process(pid).parent().parent().kill()  # the fork server's parent
        (place / "waited-for").touch()

    killing = threading.Thread(target=kill)
    killing.start()
    records, said = run(make_engine("ray", workers=1, retries=retries), [make_job("wait")])
    killing.join()
    assert [r.state for r in records] == [state]
    why = "died: its process, or the node that it was on, was lost"
    assert [text.rpartition(") ")[2] for text in said] == [f"{why}. It is trained again."] * retries
    assert records[0].error == (None if retries else f"its worker {why}")


def test_without_ray_the_message_says_how_to_install_it(monkeypatch):
    connection.disconnect()
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EngineError, match=r"pip install '\.\[ray\]' in a checkout of ablate"):
        engine({"name": "ray"}).call(len, "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The actor is dead because its node has died. Node Id: 03", "its node was lost"),
        ("The actor died unexpectedly before finishing this task.", "its process, or the node that it was on"),
        ("Task was killed due to the node running low on memory (memory monitor).", "no memory left"),
    ],
)
def test_the_message_names_the_cause(text, said):
    assert said in cause(Exception(text))


def test_an_object_that_cannot_be_pickled_is_refused(make_engine):
    made = make_engine("ray")
    with (
        bound([PassedObject(name="lines", value=(each for each in "ab"), digest="")]),
        pytest.raises(ConfigError, match=r"lines cannot be sent to a worker process: .*engine=inline"),
    ):
        made.call(int)
