""".schedule.json: what a driver trains, in order, for `ablate show --watch`. It exists while the study trains."""

from collections.abc import Sequence
from contextlib import suppress

import msgspec

from ablate.errors import DiskError
from ablate.plan.bundle import Bundle
from ablate.store import atomic
from ablate.store.derived_file import read_derived
from ablate.store.directory import StudyDirectory
from ablate.store.seal import seal, unseal

SCHEDULED = ".schedule.json"
SCHEMA = 1


class Scheduled(msgspec.Struct, kw_only=True, frozen=True):
    """Bundles in the order in which they start. A trial is a pair: the place of its design point, and its replicate."""

    schema: int = SCHEMA
    seconds: float | None
    """Expected time of all bundles; None: unknown."""
    workers: int
    """Bundles that train at the same time, at most."""
    points: list[dict[str, str]]
    """The levels of each design point."""
    bundles: list[list[tuple[int, int]]]


def write_scheduled(
    directory: StudyDirectory, bundles: Sequence[Bundle], *, workers: int, seconds: float | None
) -> None:
    """Writes what is trained next, in place of what was there. Nothing depends on it: a full disk is no error here.

    Args:
        directory: The study's.
        bundles: In the order in which they start.
        workers: Bundles that train at the same time, at most.
        seconds: Expected time of all bundles; None: unknown.
    """
    places: dict[tuple[tuple[str, str], ...], int] = {}
    trials = [
        [(places.setdefault((*trial.point.levels.items(),), len(places)), trial.replicate) for trial in bundle.trials]
        for bundle in bundles
    ]
    content = Scheduled(seconds=seconds, workers=workers, points=[dict(levels) for levels in places], bundles=trials)
    with suppress(DiskError):
        atomic.write(directory.path / SCHEDULED, seal(content), sync=False)


def read_scheduled(directory: StudyDirectory) -> Scheduled | None:
    """What is trained next; None: nothing, or the file cannot be read."""
    return read_derived(directory, SCHEDULED, _decode)


def discard_scheduled(directory: StudyDirectory) -> None:
    """Removes the file: nothing trains any more."""
    with suppress(DiskError):
        atomic.remove(directory.path / SCHEDULED)


def _decode(content: bytes) -> Scheduled:
    found = unseal(content, Scheduled, schema=SCHEMA)
    if any(not 0 <= point < len(found.points) for bundle in found.bundles for point, _ in bundle):
        raise ValueError("it names a design point that it does not have")
    return found
