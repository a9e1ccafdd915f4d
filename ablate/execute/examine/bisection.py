"""The two whole numbers at which a rising count comes closest to a target from either side."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

MAX_NUMBER = 2**20
"""No larger number is tried."""

TRIES = 256
"""Numbers that are tried around the middle of an interval, where some of them cannot be counted."""

PLATEAU = 64
"""Times the start, up to which a count stays the same before it is called constant: layers round widths up."""


class NotRisingError(Exception):
    """The count falls from one number, `first`, to a larger one, `second`."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(first, second)
        self.first, self.second = first, second


@dataclass(frozen=True, kw_only=True)
class Bisection:
    """`below`: the largest number found with a count under the target. `above`: the smallest at or over it."""

    counts: dict[int, int]
    """Of every number that was tried."""
    below: int | None
    above: int | None
    is_constant: bool
    """As `constant` has it."""

    @property
    def ends(self) -> tuple[int, ...]:
        """Those that there are, the lower first."""
        return tuple(end for end in (self.below, self.above) if end is not None)

    def nearest(self, target: int) -> int:
        """The end whose count is nearest to the target."""
        return min(self.ends, key=lambda number: abs(self.counts[number] - target))


def bisect(count: Callable[[int], int | None], *, start: int, target: int) -> Bisection:
    """Doubles from `start` until the count reaches the target, then bisects; 0 counts as below it.

    Args:
        count: Rises with its argument; None for a number that cannot be counted.
        start: 1 or more, and can be counted.
        target: The count that is sought.

    Raises:
        NotRisingError: of two numbers that were tried, the larger has the smaller count.
    """
    counts: dict[int, int] = {}
    uncounted: set[int] = set()

    def is_counted(number: int) -> bool:
        if number not in counts and number not in uncounted:
            found = count(number)
            if found is None:
                uncounted.add(number)
            else:
                counts[number] = found
                _check_rising(counts)
        return number in counts

    number = start
    while (not is_counted(number) or counts[number] < target) and number * 2 <= MAX_NUMBER:
        if number >= PLATEAU * start and len(counts) > 1 and len(set(counts.values())) == 1:
            break  # doubling adds nothing
        number *= 2
    low = max((n for n, found in counts.items() if found < target), default=0)
    high = min((n for n, found in counts.items() if found >= target), default=None)
    while high is not None:
        middle = next(filter(is_counted, itertools.islice(_outward(low, high), TRIES)), None)
        if middle is None:
            break
        low, high = (middle, high) if counts[middle] < target else (low, middle)
    is_constant = len(set(counts.values())) == 1 and constant(
        lambda n: counts[n] if is_counted(n) else None, start=start
    )
    return Bisection(counts=counts, below=low or None, above=high, is_constant=is_constant)


def constant(count: Callable[[int], int | None], *, start: int) -> bool:
    """Whether a count is the same at `start`, at the smallest number that can be counted, and doubled to 64 times.

    Not where there is nothing to compare with.

    Args:
        count: Rises with its argument; None for a number that cannot be counted.
        start: 1 or more, and can be counted.
    """
    first, is_compared = count(start), False
    doubled = itertools.takewhile(
        lambda n: n <= min(PLATEAU * start, MAX_NUMBER), (start << k for k in itertools.count(1))
    )
    counted = (found for n in doubled if (found := count(n)) is not None)
    smaller = (found for n in itertools.islice(range(1, start), TRIES) if (found := count(n)) is not None)
    for found in itertools.chain(counted, itertools.islice(smaller, 1)):
        if found != first:
            return False
        is_compared = True
    return is_compared


def _check_rising(counts: dict[int, int]) -> None:
    for (first, fewer), (second, more) in itertools.pairwise(sorted(counts.items())):
        if more < fewer:
            raise NotRisingError(first, second)


def _outward(low: int, high: int) -> Iterator[int]:
    """The numbers strictly between, the middle first."""
    middle = (low + high) // 2
    for step in range(high - low):
        for number in dict.fromkeys((middle - step, middle + step)):
            if low < number < high:
                yield number
