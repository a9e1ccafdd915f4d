"""costs.json: what each design point's network costs to run, measured once for all of its trials."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from ablate.plan.cost import NETWORK_COSTS, NetworkCost
from ablate.store.derived_file import read_derived
from ablate.store.directory import StudyDirectory
from ablate.store.seal import seal, unseal

COSTS = "costs.json"
SCHEMA = 2
"""Rises when something else is measured: older files are then measured again."""
UNSEALED = (1,)
"""Of which files have no checksum, and are read all the same."""


@dataclass(frozen=True, kw_only=True)
class PointCost(NetworkCost):
    """What was measured of one design point's network. What is counted without measuring is in the trials' records."""

    levels: Mapping[str, str]
    timed_on: str
    """The device, and on a processor the number of threads."""


class _File(msgspec.Struct, kw_only=True):
    schema: int
    points: tuple[PointCost, ...]


def read_costs(directory: StudyDirectory) -> tuple[PointCost, ...]:
    """The costs that are on disk; none where the file is absent, damaged or of another schema."""
    return read_derived(directory, COSTS, decode) or ()


def decode(content: bytes) -> tuple[PointCost, ...]:
    """The costs in the bytes of a costs.json.

    Raises:
        ValueError: it is truncated, damaged or changed, or of an unknown schema.
    """
    return unseal(content, _File, schema=SCHEMA, unsealed=UNSEALED).points


def write_costs(directory: StudyDirectory, costs: Sequence[PointCost]) -> None:
    """Writes the costs; of two of one design point, the later.

    Raises:
        DiskError: the disk is full or the directory cannot be written.
    """
    points = [
        {
            "levels": cost.levels,
            **{name: value for name, value in cost.numbers().items() if NETWORK_COSTS[name].measured},
            "timed_on": cost.timed_on,
        }
        for cost in _by_levels(costs).values()
    ]
    directory.write(COSTS, seal({"schema": SCHEMA, "points": points}))


def cost_lookup(costs: Iterable[PointCost]) -> Callable[[Mapping[str, str]], PointCost | None]:
    """Returns a function from a design point's levels, in any order of its factors, to its cost; of two, the later."""
    found = _by_levels(costs)
    return lambda levels: found.get(frozenset(levels.items()))


def _by_levels(costs: Iterable[PointCost]) -> dict[frozenset[tuple[str, str]], PointCost]:
    return {frozenset(cost.levels.items()): cost for cost in costs}
