"""The memory that a data set takes: what a few of its examples take, times their number."""

from collections.abc import Sequence

from torch import Tensor

from ablate.data.source import Arrays
from ablate.errors import DataError

GIB = 1 << 30


def measured_bytes(probed: Sequence[Sequence[Tensor]], count: int) -> int:
    """The bytes of as many examples like these, in the types that they are kept in: 32 bits, class numbers 64."""
    numbers = [sum(part.numel() * (4 if part.is_floating_point() else 8) for part in example) for example in probed]
    return round(sum(numbers) / len(numbers) * count)


def resident(parts: Sequence[Arrays], title: str, *, limit_gib: float | None) -> str:
    """Says that the examples are in memory, and what they take."""
    found = sum(part.inputs.nbytes + part.targets.nbytes for part in parts)
    limit = "" if limit_gib is None else f" (data.resident_gib={limit_gib:g} is the limit)"
    return f"{title}: {sum(map(len, parts)):,} examples are resident in memory, {amount(found)}{limit}."


def amount(found: int) -> str:
    """Bytes in words: `4.7 MiB`."""
    return f"{found / GIB:.3g} GiB" if found >= GIB / 10 else f"{found / (1 << 20):.3g} MiB"


def check_size(probed: Sequence[Sequence[Tensor]], count: int, where: str, *, limit_gib: float | None) -> None:
    """Refuses a data set that takes more than the limit; None: there is none.

    Raises:
        DataError: says what it takes, and what to do.
    """
    found = measured_bytes(probed, count)
    if limit_gib is None or found <= limit_gib * GIB:
        return
    shape = "×".join(map(str, probed[0][0].shape)) or "1"
    raise DataError(
        f"{where} has {count:,} examples of {shape} numbers, which take {amount(found)} in memory; the limit is "
        f"data.resident_gib={limit_gib:g}. Raise it if the machine and its GPU have as much, a copy for each split "
        "beside it; or make examples smaller; or take fewer, with data.limit."
    )
