from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.plan.machine import Gpu
from ablate.plan.placement import is_shared, place


def gpus(*free):
    return [Gpu(index=index, name="a GPU", free_bytes=each) for index, each in enumerate(free)]


@pytest.mark.parametrize(
    ("free", "workers", "each", "expected"),
    [
        ((100, 100), 4, 10, (0, 1, 0, 1)),
        ((100, 200), 3, 10, (1, 0, 1)),
        ((100, 100, 100), 2, 10, (0, 1)),
        ((100, 30), 6, 20, (0, 1, 0, 0, 0, 0)),
        ((100, 30), 9, 20, (0, 1, 0, 0, 0, 0)),
        ((5, 100), 2, 60, (1,)),
        ((5, 8), 3, 60, (1,)),
        ((0, 0), 1, 1, (0,)),
        ((None,), 3, 60, (0, 0, 0)),
        ((None, 100), 3, 60, (0, 1, 0)),
    ],
    ids=str,
)
def test_workers_are_spread_over_the_gpus_as_memory_allows(free, workers, each, expected):
    assert place(gpus(*free), workers=workers, worker_bytes=each) == expected


def test_gpus_are_named_by_their_own_numbers():
    chosen = [Gpu(index=3, name="a GPU", free_bytes=50), Gpu(index=7, name="another", free_bytes=60)]
    assert place(chosen, workers=3, worker_bytes=20) == (7, 3, 7)


@given(free=st.lists(st.integers(0, 200), min_size=1, max_size=6), workers=st.integers(1, 20), each=st.integers(1, 90))
def test_no_gpu_is_oversubscribed_and_none_idles_that_has_room(free, workers, each):
    found = place(gpus(*free), workers=workers, worker_bytes=each)
    counts = Counter(found)
    assert 1 <= len(found) <= workers
    if max(free) < each:
        assert [free[index] for index in found] == [max(free)]
        return
    assert all(counts[index] * each <= room for index, room in enumerate(free))
    if len(found) < workers:
        assert all((counts[index] + 1) * each > room for index, room in enumerate(free))
    with_room = [i for i, room in enumerate(free) if (counts[i] + 1) * each <= room]
    assert all(counts[i] >= max(counts.values()) - 1 for i in with_room), "first one on each, then another"


def test_a_gpu_with_one_worker_is_not_shared():
    assert [is_shared((0, 1, 0), gpu) for gpu in (0, 1, 2)] == [True, False, False]
