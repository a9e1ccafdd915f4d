"""costs.json: what each design point's network costs to run, measured once for all of its trials."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from ablate.store.directory import StudyDirectory

COSTS = "costs.json"
SCHEMA = 1
"""Rises when something else is measured: older files are then measured again."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one design point's network takes. None: it could not be measured."""

    levels: Mapping[str, str]
    activation_bytes: int | None
    """Kept by a minibatch's forward pass for the backward pass."""
    latency_seconds: float | None
    """Of one example's forward pass."""
    timed_on: str
    """The device, and on a processor the number of threads."""


class _File(msgspec.Struct, kw_only=True):
    schema: int
    points: tuple[Cost, ...]


def read_costs(directory: StudyDirectory) -> tuple[Cost, ...]:
    """The costs that are on disk; none where the file is absent, damaged or of another schema."""
    content = directory.read(COSTS)
    if content is None:
        return ()
    try:
        file = msgspec.json.decode(content, type=_File)
    except (msgspec.MsgspecError, RecursionError):
        return ()
    return file.points if file.schema == SCHEMA else ()


def write_costs(directory: StudyDirectory, costs: Sequence[Cost]) -> None:
    """Writes the costs; of two of one design point, the later.

    Raises:
        StoreError: the disk is full or the directory cannot be written.
    """
    file = _File(schema=SCHEMA, points=tuple(_by_levels(costs).values()))
    directory.write(COSTS, msgspec.json.format(msgspec.json.encode(file), indent=1))


def priced(costs: Iterable[Cost]) -> Callable[[Mapping[str, str]], Cost | None]:
    """From a design point's levels, in whatever order its factors stand, to its cost; of two, the later."""
    found = _by_levels(costs)
    return lambda levels: found.get(frozenset(levels.items()))


def _by_levels(costs: Iterable[Cost]) -> dict[frozenset[tuple[str, str]], Cost]:
    return {frozenset(cost.levels.items()): cost for cost in costs}
