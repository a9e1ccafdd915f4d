import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.execute.enclosure import NotRisingError, enclose


@st.composite
def rising(draw):
    """Counts of the numbers from 1, some of which cannot be counted; the first number can."""
    steps = draw(st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=64))
    counts, total = {}, draw(st.integers(1, 50))
    for number, (step, counted) in enumerate(steps, start=1):
        total += step
        if counted:
            counts[number] = total
    return counts


@given(rising(), st.data())
def test_the_nearest_is_what_brute_force_finds(counts, data):
    counts = counts or {1: 7}
    start = data.draw(st.sampled_from(sorted(counts)))
    target = data.draw(st.integers(1, max(counts.values())))
    largest = max(counts)
    found = enclose(lambda n: counts.get(n, 10**6 + n if n > largest else None), start=start, target=target)
    if len(set(found.counts.values())) > 1:
        assert abs(found.counts[found.nearest(target)] - target) == min(abs(c - target) for c in counts.values())


def test_both_sides_are_told_with_their_counts():
    found = enclose(lambda n: n * n, start=3, target=50)
    assert (found.below, found.above, found.counts[7], found.counts[8]) == (7, 8, 49, 64)
    assert (found.ends, found.nearest(50), found.is_constant) == ((7, 8), 7, False)


def test_it_looks_at_few_numbers():
    looked = []
    enclose(lambda n: looked.append(n) or n, start=16, target=700)
    assert len(looked) == len(set(looked)) <= 6 + 10


def test_nothing_smaller_than_one_is_looked_at():
    found = enclose(lambda n: 100 + n, start=4, target=50)
    assert (found.below, found.above) == (None, 1)


def test_only_multiples_can_be_counted():
    found = enclose(lambda n: None if n % 12 else n, start=12, target=100)
    assert (found.below, found.above) == (96, 108)


def test_a_constant_is_seen():
    assert enclose(lambda n: 5, start=8, target=9).is_constant
    assert enclose(lambda n: 5, start=8, target=2).is_constant


def test_a_falling_count_is_no_use():
    with pytest.raises(NotRisingError) as caught:
        enclose(lambda n: 100 - n, start=4, target=200)
    assert (caught.value.first, caught.value.second) == (4, 8)
