"""How long a call takes once it is warm.

`torch.utils.benchmark.Timer` is not used: its shortest measurement, `adaptive_autorange`, takes 0.02 to 0.12 s of a
network whose call takes 9 µs, where this takes 0.5 ms, and there is one for each design point; it times a slow call
once, where this takes the median of three; between two clock readings it makes many calls, which an accelerator
overlaps; and importing it takes 0.17 s (torch 2.14, two cores).
"""

import statistics
import time
from collections.abc import Callable, Sequence

WARM_UP_CALLS = 3
"""Calls that are made first and not timed: they fill caches, initialise lazily and choose kernels."""

MIN_CALLS, MAX_CALLS = 3, 51
"""Calls that are timed however long they take, and calls that are timed at the most."""

STEADY_CALLS, MAX_SPREAD = 9, 0.05
"""No further call is timed after so many if the middle half of their times lies within this share of the median."""

BUDGET_S = 0.1
"""Time after which no further call is made, once `MIN_CALLS` are timed. Warming up takes at most as long, or one
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
    for _ in range(WARM_UP_CALLS):
        call()
        synchronize()
        if clock() - began > BUDGET_S:
            break
    times: list[float] = []
    began = clock()
    while len(times) < MIN_CALLS or (len(times) < MAX_CALLS and clock() - began < BUDGET_S and not _is_steady(times)):
        start = clock()
        call()
        synchronize()
        times.append(clock() - start)
    return statistics.median(times)


def _is_steady(times: Sequence[float]) -> bool:
    if len(times) % STEADY_CALLS:
        return False
    low, middle, high = statistics.quantiles(times, n=4)
    return high - low <= MAX_SPREAD * middle
