"""starts.json: the parameters with which each design point's network starts, in the study's first replicate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from ablate.store.derived_file import read_derived
from ablate.store.directory import StudyDirectory
from ablate.store.seal import seal, unseal

STARTS = "starts.json"
SCHEMA = 1
"""Rises when something else is kept: older files are then not read."""


@dataclass(frozen=True, kw_only=True)
class ParameterStart:
    """How one parameter starts."""

    shape: tuple[int, ...]
    digest: str
    """Of its values."""


Start = Mapping[str, ParameterStart]
"""By the parameters' qualified names."""


@dataclass(frozen=True, kw_only=True)
class PointStart:
    """How the network of one design point starts."""

    levels: Mapping[str, str]
    start: Start
    is_repeated: bool = False
    """Whether the next replicate is known to start from the same values."""


class _Point(msgspec.Struct, kw_only=True, omit_defaults=True):
    levels: dict[str, str]
    network: int
    """Its place in `networks`: design points that differ in their training only share one."""
    is_repeated: bool = False


class _File(msgspec.Struct, kw_only=True):
    schema: int
    networks: list[dict[str, ParameterStart]]
    points: list[_Point]


def read_starts(directory: StudyDirectory) -> tuple[PointStart, ...]:
    """What is on disk; nothing where the file is absent, damaged or of another schema."""
    return read_derived(directory, STARTS, decode) or ()


def decode(content: bytes) -> tuple[PointStart, ...]:
    """What is in the bytes of a starts.json.

    Raises:
        ValueError: it is truncated, damaged or changed, or of an unknown schema.
    """
    file = unseal(content, _File, schema=SCHEMA)
    if any(not 0 <= point.network < len(file.networks) for point in file.points):
        raise ValueError("it names a network that it does not have")
    return tuple(
        PointStart(levels=p.levels, start=file.networks[p.network], is_repeated=p.is_repeated) for p in file.points
    )


def write_starts(directory: StudyDirectory, starts: Sequence[PointStart]) -> None:
    """Writes what each design point starts with, in place of what was there.

    Raises:
        DiskError: the disk is full or the directory cannot be written.
    """
    networks: list[dict[str, ParameterStart]] = []
    places: dict[int, int] = {}
    points: list[_Point] = []
    for one in starts:
        if id(one.start) not in places:
            places[id(one.start)] = len(networks)
            networks.append(dict(one.start))
        place = places[id(one.start)]
        points.append(_Point(levels=dict(one.levels), network=place, is_repeated=one.is_repeated))
    directory.write(STARTS, seal(_File(schema=SCHEMA, networks=networks, points=points)))
