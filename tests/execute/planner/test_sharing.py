import pytest

from ablate.execute.planner.makespan import makespan, shared_makespan
from ablate.execute.planner.sharing import Sharing


def test_processes_take_turns_where_nothing_was_measured():
    assert [Sharing().slowdown(count) for count in (1, 2, 4)] == [1.0, 2.0, 4.0]


def test_a_pace_is_interpolated_and_no_process_beyond_those_measured_adds_to_it():
    found = Sharing(paces={2: 1.8, 4: 2.4})
    assert [found.slowdown(count) for count in (1, 2, 3, 4, 8)] == pytest.approx(
        [1.0, 2 / 1.8, 3 / 2.1, 4 / 2.4, 8 / 2.4]
    )


def test_a_shared_job_takes_longer_by_what_it_shares():
    jobs = [(1.0, 2.0), (1.0, 2.0), (3.0, 0.0)]
    assert shared_makespan(jobs, [1.0]) == 9.0
    assert shared_makespan(jobs, [2.0, 2.0]) == 8.0
    assert shared_makespan(jobs, [1.0, 1.0]) == makespan([3.0, 3.0, 3.0], workers=2) == 6.0
    assert shared_makespan([], [1.0]) == 0.0
