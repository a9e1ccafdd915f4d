"""A large study costs the driver little for each trial, and its folders do not fill."""

from concurrent.futures import Future

import pytest

from tests.simulation.clock import Clock
from tests.simulation.operations import Operations
from tests.simulation.simulation import simulated

FEW, MANY = 500, 3_000
MAX_TRIAL_BYTES = 1_100
"""Of the driver's memory, for each further trial: 860 to 910 here, and 1.1 times the memory from 1,000 to 10,000 trials
is 930. It was 4,700 when the driver held a `Record` of each.
"""

MAX_TRIAL_FILES = 4
"""A record, a curve, diagnostics, and weights or a traceback."""


@pytest.fixture(scope="module")
def studies():
    return [simulated(trials, workers=50) for trials in (FEW, MANY)]


@pytest.mark.slow
def test_the_drivers_memory_hardly_grows_with_the_trials(studies):
    few, many = studies
    assert (many.peak_bytes - few.peak_bytes) / (MANY - FEW) < MAX_TRIAL_BYTES


@pytest.mark.slow
def test_no_folder_but_that_of_the_trials_holds_more_for_more_trials(studies):
    few, many = studies
    assert many.study_entries == few.study_entries
    assert (few.folder_entries, many.folder_entries) == (FEW, MANY)
    assert many.trial_entries <= MAX_TRIAL_FILES


@pytest.mark.slow
def test_a_trial_costs_the_file_system_the_same_in_a_large_study(studies):
    few, many = studies
    for who in ("driver", "worker"):
        assert many.per_trial(who) <= few.per_trial(who) + 1


@pytest.mark.slow
def test_no_worker_waits_while_there_are_trials(studies):
    for study in studies:
        slowest_s = 90.0
        assert study.ideal_s <= study.makespan_s <= study.ideal_s + slowest_s + study.driver_s


def test_the_clock_goes_to_the_job_that_ends_next():
    clock, ended = Clock(), []
    futures = [Future(), Future(), Future()]
    for seconds, future in zip((20.0, 10.0, 10.0), futures, strict=True):
        clock.begin(seconds, future, lambda: ended.append(round(clock.seconds)))
    assert [clock.get() for _ in futures] == [futures[1], futures[2], futures[0]]
    assert ended == [10, 10, 20]
    assert clock.seconds == pytest.approx(20, abs=1)


def test_operations_are_counted_of_who_does_them_below_the_folder(tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    operations = Operations(inside)
    with operations.counted():
        inside.mkdir()
        outside.mkdir()
        (outside / "file").write_text("x")
        with operations.of("worker"):
            (inside / "file").write_text("x")
            (inside / "file").rename(inside / "other")
        assert (inside / "other").exists()
        list(inside.iterdir())
    (inside / "late").write_text("x")
    assert operations.counts == {
        ("driver", "mkdir"): 1,
        ("worker", "open"): 1,
        ("worker", "rename"): 1,
        ("driver", "stat"): 1,
        ("driver", "list"): 1,
    }
