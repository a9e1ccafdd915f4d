import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.execute.examine.bisection import NotRisingError, bisect, constant


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
    found = bisect(lambda n: counts.get(n, 10**6 + n if n > largest else None), start=start, target=target)
    if found.is_constant:
        assert len(set(counts.values())) == 1
    else:
        assert abs(found.counts[found.nearest(target)] - target) == min(abs(c - target) for c in counts.values())


@given(rising(), st.integers(1, 80), st.data())
def test_constant_is_what_is_so_everywhere(counts, target, data):
    counts = counts or {1: 7}
    start, largest = data.draw(st.sampled_from(sorted(counts))), max(counts)
    last = counts[largest]

    def count(number):
        return counts.get(number, last if number > largest else None)

    is_so = len(set(counts.values())) == 1
    assert constant(count, start=start) == bisect(count, start=start, target=target).is_constant == is_so


@pytest.mark.parametrize("target", [60, 90, 2000])
@pytest.mark.parametrize("start", [2, 8])
def test_a_plateau_is_not_the_end(start, target):
    def rounded(number):
        return 10 * (-number // 8 * -8)  # widths rounded up to multiples of 8

    found = bisect(rounded, start=start, target=target)
    assert not found.is_constant
    assert found.counts[found.nearest(target)] == min(range(80, 4000, 80), key=lambda c: abs(c - target))


def test_a_constant_is_not_looked_for_beyond_what_differs():
    looked = []
    assert not constant(lambda n: looked.append(n) or n // 30, start=16)
    assert looked == [16, 32]


def test_both_sides_are_told_with_their_counts():
    found = bisect(lambda n: n * n, start=3, target=50)
    assert (found.below, found.above, found.counts[7], found.counts[8]) == (7, 8, 49, 64)
    assert (found.ends, found.nearest(50), found.is_constant) == ((7, 8), 7, False)


def test_it_looks_at_few_numbers():
    looked = []
    bisect(lambda n: looked.append(n) or n, start=16, target=700)
    assert len(looked) == len(set(looked)) <= 6 + 10


def test_nothing_smaller_than_one_is_looked_at():
    found = bisect(lambda n: 100 + n, start=4, target=50)
    assert (found.below, found.above) == (None, 1)


def test_only_multiples_can_be_counted():
    found = bisect(lambda n: None if n % 12 else n, start=12, target=100)
    assert (found.below, found.above) == (96, 108)


def test_a_constant_is_seen():
    assert bisect(lambda n: 5, start=8, target=9).is_constant
    assert bisect(lambda n: 5, start=8, target=2).is_constant


def test_a_falling_count_is_no_use():
    with pytest.raises(NotRisingError) as caught:
        bisect(lambda n: 100 - n, start=4, target=200)
    assert (caught.value.first, caught.value.second) == (4, 8)
