"""What trains together on GPUs, and on how many workers: stacks as wide as is fastest first, then few workers.

Pure: it decides by candidates, a described machine, and paces that were measured before.
"""

from collections.abc import Sequence
from dataclasses import replace

from ablate.execute.planner.arrangement import NO_MEMORY, Arrangement, cut
from ablate.execute.planner.candidate import Candidate
from ablate.execute.planner.memory import CONTEXT_BYTES, GPU_PROCESS_BYTES, PROCESS_BYTES
from ablate.execute.planner.sharing import Sharing
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
    if fixed:
        made = _largest(groups, machine=machine, workers=workers, sharing=sharing, filled=True)
        if made.workers < min(workers, sum(len(left) for left, _ in groups)):
            return replace(made, notes=(f"There is memory for {made.workers} of {workers} trials at a time.",))
        return made
    best: Arrangement | None = None
    for count in _counts(len(machine.gpus), workers):
        for room in _rooms(groups):
            made = _with_room(groups, room, machine=machine, workers=count, sharing=sharing)
            if best is None or _is_faster(made, best):
                best = made
            if made.workers == count:  # narrower stacks would only be slower
                break
    assert best is not None
    if best.seconds is None:
        count = min(workers, UNTIMED_PER_GPU * len(machine.gpus))
        return _largest(groups, machine=machine, workers=count, sharing=sharing, filled=False)
    return best


def _is_faster(one: Arrangement, other: Arrangement) -> bool:
    return one.seconds is not None and other.seconds is not None and one.seconds <= MAX_SHARE * other.seconds


def _counts(gpus: int, workers: int) -> list[int]:
    """Numbers of workers to compare, the fewest first: one, then so many on each GPU."""
    each = [count * gpus for count in range(1, MAX_PER_GPU + 1)]
    return sorted({1, *(min(count, workers) for count in each)})


def _rooms(groups: Groups) -> list[int]:
    """Memory for the tensors of a worker to compare: that of the widest stack, its half, and so on to one trial's."""
    most = max((found.bytes or 0) * found.width for _, found in groups if found.is_on_gpu)
    least = max(found.bytes or 0 for _, found in groups if found.is_on_gpu)
    halves = [max(most >> k, least) for k in range(most.bit_length() + 1)]
    return list(dict.fromkeys(halves))


def _largest(groups: Groups, *, machine: Machine, workers: int, sharing: Sharing, filled: bool) -> Arrangement:
    """With as many of these workers as there is memory for, and then with as much room for each as there is."""
    made = [
        _with_room(groups, room, machine=machine, workers=workers, sharing=sharing, filled=filled)
        for room in _rooms(groups)
    ]
    return max(made, key=lambda arrangement: arrangement.workers)


def _with_room(
    groups: Groups, room: int, *, machine: Machine, workers: int, sharing: Sharing, filled: bool = False
) -> Arrangement:
    """With so much memory for the tensors of each worker.

    `filled`: cuts stacks until every worker has one; else only if that is faster.
    """
    widths = [_width(found, room) for _, found in groups]
    host = max(_host_bytes(found, width) for (_, found), width in zip(groups, widths, strict=True))
    if machine.host_bytes is not None:
        workers = max(1, min(workers, machine.host_bytes // host))
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


def _width(found: Candidate, room: int) -> int:
    """Of the stacks that fit into so much memory."""
    return max(1, min(found.width, room // found.bytes)) if found.bytes and found.is_on_gpu else found.width


def _host_bytes(found: Candidate, width: int) -> int:
    """Main memory of a worker that trains a stack of this width."""
    if found.is_on_gpu:
        return GPU_PROCESS_BYTES + found.host_bytes * width
    return PROCESS_BYTES + (found.bytes or 0) * width


def _filled(
    pieces: Sequence[tuple[tuple[Trial, ...], Candidate, str]], workers: int
) -> list[tuple[tuple[Trial, ...], Candidate, str]]:
    """The largest stacks cut into halves until there is a piece for each worker."""
    filled = list(pieces)
    while len(filled) < workers and len((largest := max(filled, key=lambda piece: len(piece[0])))[0]) > 1:
        filled.remove(largest)
        filled += [(half, *largest[1:]) for half in cut(largest[0], 2)]
    return filled
