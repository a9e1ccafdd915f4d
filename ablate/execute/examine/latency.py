"""How long a call takes once it is warm.

`torch.utils.benchmark.Timer` is not used: its shortest measurement, `adaptive_autorange`, takes 0.02 to 0.12 s of a
network whose call takes 9 µs, where this takes 0.5 ms, and there is one for each design point; it times a slow call
once, where this takes the median of three; between two clock readings it makes many calls, which an accelerator
overlaps; and importing it takes 0.17 s (torch 2.14, two cores).
"""

import statistics
import time
from collections.abc import Callable, Sequence

WARM = 3
"""Calls that are made first, and not timed: caches, lazy initialisation and the choice of kernels are theirs."""

FEWEST, MOST = 3, 51
"""Calls that are timed, whatever time they take, and at most."""

ENOUGH, SPREAD = 9, 0.05
"""Calls after which no further one is made where the middle half of them lies within this share of the median."""

SECONDS = 0.1
"""Time after which no further call is made, once the least number is timed. Warming up takes at most as long, or one
call."""


def latency(
    call: Callable[[], object],
    *,
    synchronize: Callable[[], None] = lambda: None,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Median wall seconds of a call: one that was held up does not move it.

    Args:
        call: What is timed.
        synchronize: Waits for what a call has left under way; an accelerator's calls return before they are done.
        clock: In seconds.
    """
    began = clock()
    for _ in range(WARM):
        call()
        synchronize()
        if clock() - began > SECONDS:
            break
    times: list[float] = []
    began = clock()
    while len(times) < FEWEST or (len(times) < MOST and clock() - began < SECONDS and not _is_steady(times)):
        start = clock()
        call()
        synchronize()
        times.append(clock() - start)
    return statistics.median(times)


def _is_steady(times: Sequence[float]) -> bool:
    if len(times) % ENOUGH:
        return False
    low, middle, high = statistics.quantiles(times, n=4)
    return high - low <= SPREAD * middle
