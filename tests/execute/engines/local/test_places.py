"""Workers on GPUs that were chosen for them. Of the GPUs only their numbers are there: nothing here uses one."""

import os

import pytest

from ablate.execute.engines import team
from ablate.execute.engines.local import caller


@pytest.fixture(autouse=True)
def all_gpus(monkeypatch):
    """As on a machine whose user hides no GPU; the suite hides them all."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def run(engine, jobs, **options):
    said = []
    engine.on_message = said.append
    return [record for records in engine.run(jobs, **options) for record in records], said


def visible(place):
    """What each process that trained saw, this one apart."""
    found = {path.name: path.read_text() for path in (place / "pids").glob("*")}
    return sorted(text for pid, text in found.items() if int(pid) != os.getpid())


@pytest.mark.parametrize(
    ("given", "places", "expected"),
    [(None, (0, 1), ["0", "1"]), ("4,6", (1, 0), ["4", "6"]), (None, (0, 0), ["all"] * 2), (None, (), ["all"] * 2)],
)
def test_each_worker_sees_its_gpu_only(make_engine, make_job, place, monkeypatch, given, places, expected):
    if given is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)
    records, said = run(make_engine("local", workers=2), [make_job(replicate=r) for r in range(2)], places=places)
    assert ([r.state for r in records], said) == (["complete"] * 2, [])
    assert visible(place) == expected
    assert os.environ.get("CUDA_VISIBLE_DEVICES") == given


def test_there_are_no_more_workers_than_places(make_engine, make_job, place, watch):
    run(make_engine("local", workers=2), [make_job(replicate=r) for r in range(2)], places=(1,))
    assert len(watch.trained_in(place)) == 1
    assert visible(place) == ["1"]


def test_a_process_that_replaces_another_sees_the_same_gpu(make_engine, make_job, place, watch):
    records, _ = run(make_engine("local", workers=1), [make_job("kill once")], places=(1,))
    assert [r.state for r in records] == ["complete"]
    assert len(watch.trained_in(place)) == 2
    assert visible(place) == ["1", "1"]


@pytest.mark.parametrize(
    ("places", "left"),
    [((0, 0), "From now on 1 worker trains on that GPU."), ((0, 1), None), ((), None)],
)
def test_after_a_shortage_of_memory_fewer_workers_share_the_gpu(
    make_engine, make_job, place, watch, monkeypatch, places, left
):
    """The first waits until the second has run out of memory; then there are two more jobs, for one worker or both."""
    (place / "says").write_text("CUDA error: out of memory")
    teams = []
    stop = team.stop
    for module in (team, caller):
        monkeypatch.setattr(module, "stop", lambda workers: (teams.append(len(workers)), stop(workers)))
    jobs = [make_job("wait", 0), make_job("crowded", 1), make_job("none", 2), make_job("none", 3)]
    records, said = run(make_engine("local", workers=2), jobs, places=places)
    assert {r.replicate: r.state for r in records} == dict.fromkeys(range(4), "complete")
    assert records[-1].replicate == 1, "once more, alone"
    assert said[1:] == ([left] if left else [])
    assert teams == ([0, 1, 1] if left else [0, 2]), "the one that called, the one withdrawn, the team"
    watch.wait_for(lambda: not any(map(watch.is_alive, watch.trained_in(place))), "its processes to end")


@pytest.mark.parametrize("places", [(0, 0), (0, 1)])
def test_after_a_stack_was_halved_fewer_workers_share_the_gpu(make_engine, make_job, join, places):
    stack = join([make_job("short once", r) for r in range(4)])
    records, said = run(make_engine("local", workers=2), [stack, make_job("none", 4)], places=places)
    assert {r.replicate: r.state for r in records} == dict.fromkeys(range(5), "complete")
    expected = (
        "A stack ran out of memory beside others on its GPU, and was halved. From now on 1 worker trains on that GPU."
    )
    assert said == ([expected] if places == (0, 0) else [])
