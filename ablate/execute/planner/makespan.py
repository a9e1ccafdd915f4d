"""In which order jobs start, and when the last of them ends."""

import heapq
from collections.abc import Sequence

SLACK = 1.05
"""Of the least makespan, what whole replicates may cost: an interrupted study has the more of them."""


def order(seconds: Sequence[float], blocks: Sequence[int], *, workers: int) -> list[int]:
    """Indices of jobs in the order in which they start.

    Block after block, the longest first in each, where that ends nearly as soon as the longest first of all
    (Graham, 1969, SIAM J. Appl. Math. 17: at most 4/3 of the least).

    Args:
        seconds: What each job takes.
        blocks: The replicate of each job's first trial.
        workers: Jobs at a time.
    """
    everywhere = sorted(range(len(seconds)), key=lambda job: -seconds[job])
    by_block = sorted(everywhere, key=lambda job: blocks[job])
    least = makespan([seconds[job] for job in everywhere], workers=workers)
    return by_block if makespan([seconds[job] for job in by_block], workers=workers) <= SLACK * least else everywhere


def makespan(seconds: Sequence[float], *, workers: int) -> float:
    """When the last of some jobs ends, each started by the first worker that is free."""
    free = [0.0] * max(workers, 1)
    for each in seconds:
        heapq.heapreplace(free, free[0] + each)
    return max(free)
