"""What `Engine` promises, of every engine."""

import math
import os
from collections import Counter

import numpy as np
import pytest

from ablate import passed_objects
from ablate.errors import ModelError, StoreError
from ablate.passed_objects import PassedObject, bound
from ablate.store import StudyDirectory
from tests.every_engine import EVERY_ENGINE


@pytest.fixture(params=EVERY_ENGINE)
def any_engine(request, make_engine):
    return make_engine(request.param)


def ids(jobs):
    return [trial.id for job in jobs for trial in job.bundle.trials]


def test_no_jobs_yield_nothing(any_engine):
    assert list(any_engine.run([])) == []


def test_each_job_yields_once_when_its_record_is_on_disk(any_engine, make_job, place):
    jobs = [make_job(width=width, replicate=r) for r in range(3) for width in (4, 8)]
    directory, seen = StudyDirectory(place / "study"), []
    for records in any_engine.run(jobs):
        assert len(records) == 1
        assert directory.record(records[0].id) == records[0]
        assert (directory.trial(records[0].id) / "curve.csv").is_file()
        seen += [record.id for record in records]
    assert Counter(seen) == Counter(ids(jobs))
    assert set(directory.contents().records) == set(ids(jobs))
    assert {r.state for r in directory.contents().records.values()} == {"complete"}
    assert {r.provenance.engine for r in directory.contents().records.values()} == {any_engine.name}


def test_a_stack_yields_once_when_all_of_its_records_are_on_disk(any_engine, make_job, join, place):
    stacks = [join([make_job(width=width, replicate=r) for r in range(3)]) for width in (4, 8)]
    directory, seen = StudyDirectory(place / "study"), []
    for records in any_engine.run([*stacks, make_job(width=16)]):
        seen.append(tuple(record.id for record in records))
        for record in records:
            assert directory.record(record.id) == record
            assert (directory.trial(record.id) / "curve.csv").is_file()
    assert Counter(seen) == Counter([*(tuple(ids([stack])) for stack in stacks), *zip(ids([make_job(width=16)]))])
    assert {r.state for r in directory.contents().records.values()} == {"complete"}


def test_objects_that_are_passed_from_python_are_trained(any_engine, make_job):
    """A function that is in no module: it is pickled whole. Its data are an array."""
    shift = np.arange(1.0, 5.0, dtype="float32")

    def build(inputs, outputs, width, fault):
        from torch import nn, tensor

        class Shifted(nn.Linear):
            def forward(self, x):
                return super().forward(x) + float(tensor(shift).sum())

        return Shifted(*inputs, outputs)

    passed = [PassedObject(name="build", value=build, digest="1"), PassedObject(name="x", value=shift, digest="2")]
    with bound(passed):
        assert any_engine.call(passed_objects.digest, "ablate.given.build") == "1"
        job = make_job(width=4, **{"_target_": "ablate.given.build"})
        assert [record.state for records in any_engine.run([job]) for record in records] == ["complete"]


@pytest.mark.numeric
def test_trials_of_a_stack_yield_what_they_yield_alone(any_engine, make_job, join, place):
    """Dropout, order and first parameters are each trial's own. Single precision: equal but for rounding."""
    jobs = {
        name: [make_job(replicate=r, width=8, directory=place / name) for r in range(4)] for name in ("one", "many")
    }
    alone = {r.id: r.responses for records in any_engine.run(jobs["one"]) for r in records}
    (together,) = any_engine.run([join(jobs["many"])])
    assert len({r.seconds for r in together}) == 1  # they trained as one
    assert {r.id: r.responses for r in together} == {i: pytest.approx(v, rel=1e-4) for i, v in alone.items()}
    assert len({str(found) for found in alone.values()}) == 4


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_trial_that_forks_trains_once(any_engine, make_job, place):
    """The copy would train on as the worker: the same trials again, and the messages that are the worker's."""
    jobs = [make_job(fault, replicate) for replicate, fault in enumerate(["fork", "none", "fork"])]
    records = [record for (record,) in any_engine.run(jobs)]
    assert Counter(record.id for record in records) == Counter(ids(jobs))
    assert {record.state for record in records} == {"complete"}
    assert StudyDirectory(place / "study").contents().records == {record.id: record for record in records}


@pytest.mark.parametrize("fault", ["raise", "exit", "uncaught"])
def test_what_a_trial_of_a_stack_raises_costs_that_trial_only(any_engine, make_job, join, fault):
    stack = join([make_job("none", 0), make_job(fault, 1), make_job("none", 2)])
    (records,) = any_engine.run([stack])
    assert [r.id for r in records] == ids([stack])
    assert [r.state for r in records] == ["complete", "failed", "complete"]


def test_what_a_trial_raises_costs_that_trial_only(any_engine, make_job, place):
    faults = {
        "raise": "ValueError: the net is torn",
        "memory": "MemoryError: no 17 GB left",
        "exit": "SystemExit: 3",
        "uncaught": "NoException: nobody expects it",
        "odd": r"caf\udce9",
    }
    jobs = [make_job("none", 0), *(make_job(fault) for fault in faults), make_job("none", 1)]
    records = [record for records in any_engine.run(jobs) for record in records]
    assert Counter(r.id for r in records) == Counter(ids(jobs))
    directory = StudyDirectory(place / "study")
    assert directory.contents().records == {r.id: r for r in records}
    for record in records:
        fault, text = record.levels["fault"], directory.trial(record.id) / "traceback.txt"
        if fault == "none":
            assert (record.state, record.error, text.exists()) == ("complete", None, False)
        else:
            assert record.state == "failed"
            assert faults[fault] in record.error
            assert "\n" not in record.error
            assert "Traceback" in text.read_text()
            assert "in go_wrong" in text.read_text() or "sys.exit(3)" in text.read_text()
            assert record.responses == {}


def test_a_trial_that_failed_completes_the_next_time(any_engine, make_job, place):
    jobs = [make_job("raise"), make_job("exit")]
    assert [records[0].state for records in any_engine.run(jobs)] == ["failed"] * 2
    (place / "no-faults").touch()
    for records in any_engine.run(jobs):
        assert records[0].state == "complete"
        files = {path.name for path in StudyDirectory(place / "study").trial(records[0].id).iterdir()}
        assert files == {"record.json", "curve.csv", "diagnostics.csv"}


@pytest.mark.numeric
def test_equal_jobs_give_equal_responses_on_every_engine_in_any_order(any_engine, make_engine, make_job, place):
    """The network has dropout and draws its parameters from torch's own generator: whatever leaks is seen."""

    def responses(engine, directory, order):
        jobs = [make_job(width=w, replicate=r, directory=place / directory) for r in range(2) for w in (4, 8, 16)]
        records = [record for records in engine.run(jobs[::order]) for record in records]
        return {r.id: (r.responses, r.counts) for r in records}

    reference = responses(make_engine("inline"), "reference", 1)
    assert len({str(found) for found in reference.values()}) == 6
    assert all(math.isfinite(v) for found, _ in reference.values() for v in found.values())
    assert responses(any_engine, "backwards", -1) == reference
    curves = [
        {path.parent.name: path.read_bytes() for path in (place / name).rglob("curve.csv")}
        for name in ("reference", "backwards")
    ]
    assert curves[0] == curves[1]
    assert len(curves[0]) == 6


def test_a_record_that_cannot_be_written_ends_the_study(any_engine, make_job, place, watch):
    (place / "file").touch()
    jobs = [make_job(replicate=r, directory=place / "file" / "study") for r in range(4)]
    with pytest.raises(StoreError, match="file is a file, not a directory"):
        list(any_engine.run(jobs))
    assert not [pid for pid in watch.trained_in(place) if watch.is_alive(pid)]


def test_closing_early_leaves_no_worker(any_engine, make_job, place, watch):
    jobs = [make_job(replicate=0), *(make_job("wait", replicate=r) for r in range(1, 6))]  # which end of nothing else
    results = any_engine.run(jobs)
    first = next(results)
    results.close()
    assert not [pid for pid in watch.trained_in(place) if watch.is_alive(pid)]
    found = StudyDirectory(place / "study").contents()
    assert set(found.records) == {first[0].id}
    assert found.unreadable == {}


def test_an_exception_in_who_listens_leaves_no_worker(any_engine, make_job, place, watch):
    def listen():
        results = any_engine.run([make_job(replicate=r, pause=0.05) for r in range(4)])
        try:
            for _ in results:
                raise ZeroDivisionError
        finally:
            results.close()

    with pytest.raises(ZeroDivisionError):
        listen()
    assert not [pid for pid in watch.trained_in(place) if watch.is_alive(pid)]


def test_what_has_answered_still_trains_and_answers(any_engine, make_job, place):
    """As this process would, from the folder that it is in."""
    assert any_engine.call(int, "101", base=2) == 5
    assert any_engine.call(os.getcwd) == any_engine.call_here(os.getcwd) == str(place)
    assert [r.state for records in any_engine.run([make_job(width=4)]) for r in records] == ["complete"]
    with pytest.raises(ModelError, match="too wide"):
        any_engine.call(refuse, "too wide")
    any_engine.close()
    assert any_engine.call(len, "anew") == 4
    any_engine.close()


def refuse(what):
    raise ModelError(what)
