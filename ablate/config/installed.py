"""What other packages bring by entry points: read for an unknown name, or for a list of all."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.metadata import EntryPoint

ENGINES = "ablate.engines"
"""The group of entry points that name engines."""


def installed(group: str) -> Mapping[str, EntryPoint]:
    """Name → entry point of a group, in alphabetical order. None of them is imported."""
    from importlib.metadata import entry_points  # seldom needed, and slow to import

    found = {entry.name: entry for entry in entry_points(group=group)}
    return {name: found[name] for name in sorted(found)}


def package(entry: EntryPoint) -> str:
    """The distribution that brings an entry point, with its version."""
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unknown package"


def brought_conf(entry: EntryPoint) -> Path | None:
    """The `conf/` in the top-level package of an entry point, as `ablate/conf` is in ablate's; None if there is none.

    Nothing is imported.
    """
    top = entry.value.partition(":")[0].partition(".")[0]
    try:
        found = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    places = (Path(place) / "conf" for place in (found and found.submodule_search_locations) or ())
    return next((place for place in places if place.is_dir()), None)
