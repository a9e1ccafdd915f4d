import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.execute.planner.makespan import MAX_MAKESPAN_RATIO, makespan, order


@pytest.mark.parametrize(
    ("seconds", "workers", "end"),
    [([], 2, 0), ([3], 2, 3), ([1, 2, 3], 1, 6), ([1, 1, 4], 2, 5), ([4, 1, 1], 2, 4), ([2, 2, 2], 9, 2)],
)
def test_each_job_goes_to_the_first_free_worker(seconds, workers, end):
    assert makespan(seconds, workers=workers) == end


def test_equal_jobs_keep_their_order():
    assert order([1.0] * 6, [0, 0, 0, 1, 1, 1], workers=2) == list(range(6))


def test_whole_replicates_come_first_where_that_costs_nothing():
    seconds, blocks = [2, 16, 4, 8] * 4, [k // 4 for k in range(16)]
    found = order(seconds, blocks, workers=2)
    assert [blocks[job] for job in found] == blocks
    assert [seconds[job] for job in found] == [16, 8, 4, 2] * 4
    assert makespan([seconds[job] for job in found], workers=2) <= MAX_MAKESPAN_RATIO * sum(seconds) / 2


def test_the_longest_come_first_where_whole_replicates_cost():
    seconds, blocks = [1, 1, 1, 1, 8], [0, 0, 0, 0, 1]
    assert order(seconds, blocks, workers=2)[0] == 4


@given(st.lists(st.tuples(st.floats(0.1, 10), st.integers(0, 2)), min_size=1, max_size=7), st.integers(1, 3))
def test_every_job_once_and_at_most_a_third_more_than_the_least(jobs, workers):
    """Graham's bound, by trying every assignment."""
    seconds, blocks = [s for s, _ in jobs], [b for _, b in jobs]
    found = order(seconds, blocks, workers=workers)
    assert sorted(found) == list(range(len(jobs)))
    least = min(
        max(sum(s for s, w in zip(seconds, chosen, strict=True) if w == worker) for worker in range(workers))
        for chosen in itertools.product(range(workers), repeat=len(jobs))
    )
    assert makespan([seconds[job] for job in found], workers=workers) <= MAX_MAKESPAN_RATIO * (4 / 3) * least + 1e-9
