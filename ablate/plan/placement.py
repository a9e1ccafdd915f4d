"""Which worker trains on which GPU. Pure: an engine describes the GPUs that it has, and pins its workers."""

import math
from collections import Counter
from collections.abc import Hashable, Sequence

from ablate.plan.machine import Gpu


def place(gpus: Sequence[Gpu], *, workers: int, worker_bytes: int) -> tuple[int, ...]:
    """The GPU of each worker, by its index.

    One worker after the other gets the GPU that has the fewest workers so far; of these, the one with the most memory
    left; of these, the first. A GPU gets no worker that would not fit into its memory beside those that it has. If no
    worker fits on any GPU, one is placed on the GPU with the most memory: it trains what it can.

    Args:
        gpus: At least one, each with another index. One whose memory is unknown has room for every worker.
        workers: How many to place, 1 or more.
        worker_bytes: Memory that each needs there, with what its process takes.

    Returns:
        One index per worker; fewer than `workers` where there is no room for more.
    """
    placed: list[int] = []
    counts = Counter({gpu.index: 0 for gpu in gpus})

    def left(gpu: Gpu) -> float:
        return math.inf if gpu.free_bytes is None else gpu.free_bytes - counts[gpu.index] * worker_bytes

    for _ in range(workers):
        if not (fitting := [gpu for gpu in gpus if left(gpu) >= worker_bytes]):
            break
        chosen = min(fitting, key=lambda gpu: (counts[gpu.index], -left(gpu))).index
        placed.append(chosen)
        counts[chosen] += 1
    return tuple(placed) or (max(gpus, key=lambda gpu: gpu.free_bytes or 0).index,)


def is_shared(places: Sequence[Hashable], gpu: Hashable) -> bool:
    """Whether several of some workers are on a GPU: after it ran out of memory, one of them is to leave it."""
    return Counter(places)[gpu] > 1
