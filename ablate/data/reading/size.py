"""The memory that a data set takes: what a few of its examples take, times their number."""

from collections.abc import Sequence

from torch import Tensor

from ablate.data.reading.streamed import Streamed
from ablate.data.source import Examples

GIB = 1 << 30


def measured_bytes(probed: Sequence[Sequence[Tensor]], count: int) -> int:
    """The bytes of as many examples like these, in the types that they are kept in: 32 bits, class numbers 64."""
    numbers = [sum(part.numel() * (4 if part.is_floating_point() else 8) for part in example) for example in probed]
    return round(sum(numbers) / len(numbers) * count)


def held(parts: Sequence[Examples], title: str, *, limit_gib: float | None) -> str:
    """Says where the examples are while they train, and what they take."""
    said = list[str]()
    if streamed := [part for part in parts if isinstance(part, Streamed)]:
        takes, of = amount(sum(part.whole_bytes for part in streamed)), streamed[0]
        said.append(
            f"{sum(map(len, streamed)):,} examples are streamed by {of.reader.workers} DataLoader workers: {takes} do "
            f"not fit in memory (data.resident_gib={of.limit_gib:g} is the limit). Their trials train one by one, and "
            "have no simple predictor"
        )
    if resident := [part for part in parts if not isinstance(part, Streamed)]:
        takes = amount(sum(part.nbytes for part in resident))
        limit = "" if limit_gib is None else f" (data.resident_gib={limit_gib:g} is the limit)"
        said.append(f"{sum(map(len, resident)):,} examples are resident in memory, {takes}{limit}")
    return f"{title}: {'. '.join(said)}."


def amount(found: int) -> str:
    """Bytes in words: `4.7 MiB`."""
    return f"{found / GIB:.3g} GiB" if found >= GIB / 10 else f"{found / (1 << 20):.3g} MiB"
