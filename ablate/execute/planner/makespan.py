"""The order in which jobs start, and the time when the last of them ends."""

import heapq
from collections.abc import Sequence

MAX_MAKESPAN_RATIO = 1.05
"""How much longer a study may take so that whole replicates end early, and an interrupted study has more of them."""


def order(seconds: Sequence[float], blocks: Sequence[int], *, workers: int) -> list[int]:
    """Indices of jobs in the order in which they start.

    Block after block, the longest job of each first, if that takes at most 1.05 times as long as starting the longest
    job of all first (Graham, 1969, SIAM J. Appl. Math. 17: at most 4/3 of the optimum).

    Args:
        seconds: Duration of each job.
        blocks: The replicate of each job's first trial.
        workers: Jobs at a time.
    """
    everywhere = sorted(range(len(seconds)), key=lambda job: -seconds[job])
    by_block = sorted(everywhere, key=lambda job: blocks[job])
    least = makespan([seconds[job] for job in everywhere], workers=workers)
    return (
        by_block
        if makespan([seconds[job] for job in by_block], workers=workers) <= MAX_MAKESPAN_RATIO * least
        else everywhere
    )


def makespan(seconds: Sequence[float], *, workers: int) -> float:
    """When the last of some jobs ends, if the first idle worker starts the next job."""
    free = [0.0] * max(workers, 1)
    for each in seconds:
        heapq.heapreplace(free, free[0] + each)
    return max(free)


def shared_makespan(jobs: Sequence[tuple[float, float]], slowdowns: Sequence[float]) -> float:
    """When the last of some jobs ends, if the first idle worker starts the next job.

    Args:
        jobs: Seconds of each that other workers do not lengthen, and seconds that they do.
        slowdowns: Of each worker: by how many times.
    """
    free = [(0.0, worker) for worker in range(len(slowdowns))]
    for alone, shared in jobs:
        at, worker = free[0]
        heapq.heapreplace(free, (at + alone + shared * slowdowns[worker], worker))
    return max(at for at, _ in free)
