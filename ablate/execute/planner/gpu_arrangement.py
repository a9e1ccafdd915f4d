"""What trains together on GPUs, and on how many workers: stacks as wide as is fastest first, then few workers.

Pure: it decides by candidates, a described machine, and paces that were measured before.
"""

from collections.abc import Sequence
from dataclasses import replace

from ablate.execute.planner.arrangement import NO_MEMORY, Arrangement, cut
from ablate.execute.planner.candidate import Candidate
from ablate.execute.planner.memory import CONTEXT_BYTES, GPU_PROCESS_BYTES, PROCESS_BYTES
from ablate.execute.planner.sharing import Sharing
from ablate.execute.train.dataset import KEPT_BYTES
from ablate.plan.bundle import Bundle
from ablate.plan.machine import Machine
from ablate.plan.placement import place
from ablate.plan.trial import Trial

MAX_PER_GPU = 4
"""Workers that share a GPU, at most, unless the user gives their number."""

UNTIMED_PER_GPU = 2
"""The same where it is not known how long trials take."""

MAX_SHARE = 0.95
"""More workers, or narrower stacks, are taken if the study then takes at most this share of the time."""

Groups = Sequence[tuple[tuple[Trial, ...], Candidate]]
"""The missing trials of each group that may be stacked, and how its trials are to be trained."""


def arrange(groups: Groups, *, machine: Machine, workers: int, fixed: bool, sharing: Sharing) -> Arrangement:
    """Arranges trials on the GPUs of a machine so that the last ends early.

    Args:
        groups: At least one.
        machine: With at least one GPU.
        workers: At most; `fixed`: not fewer either, if there is a trial and memory for each.
        fixed: Whether the user has given their number.
        sharing: How processes share one of the GPUs.
    """
    gpus = len(machine.gpus)
    is_timed = all(found.costs is not None for _, found in groups)
    if fixed or not is_timed:
        most = workers if fixed else min(workers, UNTIMED_PER_GPU * gpus)
        fitting = _fitting(groups, machine, most)
        made = _with_workers(groups, fitting, machine=machine, sharing=sharing, filled=fixed)
        if fixed and fitting < min(workers, sum(len(left) for left, _ in groups)):
            return replace(made, notes=(f"There is memory for {fitting} of {workers} trials at a time.",))
        return made
    best = _with_workers(groups, 1, machine=machine, sharing=sharing)
    for each in range(1, MAX_PER_GPU + 1):
        if best.workers < (count := min(each * gpus, workers)) <= _fitting(groups, machine, count):
            made = _with_workers(groups, count, machine=machine, sharing=sharing)
            best = made if _is_faster(made, best) else best
    return best


def _is_faster(one: Arrangement, other: Arrangement) -> bool:
    return one.seconds is not None and other.seconds is not None and one.seconds <= MAX_SHARE * other.seconds


def _fitting(groups: Groups, machine: Machine, workers: int) -> int:
    """As many of some workers as there is memory for, if each trains one trial at a time; at least one."""
    least = _bytes(groups, width=1)
    low, high = 1, workers
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _fits(groups, machine, middle, least) else (low, middle - 1)
    return low


def _room(groups: Groups, machine: Machine, workers: int) -> int:
    """Memory of a GPU for the tensors of each of so many workers: for the widest stacks, or as much as there is."""
    low, high = _bytes(groups, width=1), _bytes(groups, width=None)
    if _fits(groups, machine, workers, high):
        return high
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _fits(groups, machine, workers, middle) else (low, middle - 1)
    return low


def _fits(groups: Groups, machine: Machine, workers: int, room: int) -> bool:
    """Whether there is memory for so many workers with so much for the tensors of each."""
    kept = _kept(groups)
    host = max(_host_bytes(found, _width(found, room, kept), kept) for _, found in groups)
    if machine.host_bytes is not None and workers * host > machine.host_bytes:
        return False
    if any(gpu.free_bytes is None for gpu in machine.gpus):
        return True
    return sum((gpu.free_bytes or 0) // (CONTEXT_BYTES + room) for gpu in machine.gpus) >= workers


def _bytes(groups: Groups, *, width: int | None) -> int:
    """Memory of a GPU for the tensors of a stack of this width, None: of the widest, of the largest trials."""
    kept = _kept(groups)
    return max(found.memory(width or found.width, kept=kept) for _, found in groups if found.is_on_gpu)


def _kept(groups: Groups) -> int:
    """Examples that a process keeps there, and in its main memory, from one training to the next."""
    return min(KEPT_BYTES, sum(found.splits * found.example_bytes for _, found in groups if found.is_on_gpu))


def _with_workers(
    groups: Groups, workers: int, *, machine: Machine, sharing: Sharing, filled: bool = False
) -> Arrangement:
    """On so many workers, which fit, or on fewer where there is nothing for the others to do.

    `filled`: cuts stacks until every worker has one; else only if that is faster.
    """
    room = _room(groups, machine, workers)
    widths = [_width(found, room, _kept(groups)) for _, found in groups]
    places = place(machine.gpus, workers=workers, worker_bytes=CONTEXT_BYTES + room)
    pieces: list[tuple[tuple[Trial, ...], Candidate, str]] = []
    for (left, found), width in zip(groups, widths, strict=True):
        if found.reason or (width < 2 <= found.width):
            reason = found.reason or NO_MEMORY
            pieces += [((trial,), found, reason) for trial in left]
        else:
            pieces += [(piece, found, "") for piece in cut(left, -(-len(left) // width))]

    def made(pieces: Sequence[tuple[tuple[Trial, ...], Candidate, str]]) -> Arrangement:
        taken = places[: len(pieces)]
        return Arrangement(
            bundles=tuple(
                Bundle(trials=piece, reason=reason)
                if reason
                else Bundle(trials=piece, stacked=True, conv_as_matmul=found.conv_as_matmul)
                for piece, found, reason in pieces
            ),
            candidates=tuple(found for _, found, _ in pieces),
            workers=len(taken),
            gpus=len(set(taken)),
            places=taken,
            sharing=sharing,
        )

    whole = made(pieces)
    if whole.workers == len(places):
        return whole
    parts = made(_filled(pieces, len(places)))
    return parts if filled or _is_faster(parts, whole) else whole


def _width(found: Candidate, room: int, kept: int) -> int:
    """Of the stacks that fit into so much memory."""
    return found.width_in(room, kept=kept) if found.is_on_gpu else found.width


def _host_bytes(found: Candidate, width: int, kept: int) -> int:
    """Main memory of a worker that trains a stack of this width."""
    if found.is_on_gpu:
        return GPU_PROCESS_BYTES + found.host_memory(width, kept=kept)
    return PROCESS_BYTES + found.memory(width)


def _filled(
    pieces: Sequence[tuple[tuple[Trial, ...], Candidate, str]], workers: int
) -> list[tuple[tuple[Trial, ...], Candidate, str]]:
    """The largest stacks cut into halves until there is a piece for each worker."""
    filled = list(pieces)
    while len(filled) < workers and len((largest := max(filled, key=lambda piece: len(piece[0])))[0]) > 1:
        filled.remove(largest)
        filled += [(half, *largest[1:]) for half in cut(largest[0], 2)]
    return filled
