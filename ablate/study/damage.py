"""Files of a study that a run makes again: which of them cannot be read, said and set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ablate.store import StudyDirectory
    from ablate.study.observer import Observer


def find_damaged(directory: StudyDirectory) -> Mapping[str, str]:
    """Name → why it cannot be read, of costs.json, starts.json, tuned.json, identities.json and summary.json."""
    from ablate.errors import StoreError
    from ablate.limits import MAX_CACHE_BYTES, MAX_SUMMARY_BYTES
    from ablate.store import IDENTITIES, IdentityResults, choices, costs, starts
    from ablate.study.study_summary import SUMMARY, decode

    kinds = {
        costs.COSTS: (costs.decode, MAX_CACHE_BYTES),
        starts.STARTS: (starts.decode, MAX_CACHE_BYTES),
        choices.TUNED: (choices.decode, MAX_CACHE_BYTES),
        IDENTITIES: (IdentityResults.decode, MAX_CACHE_BYTES),
        SUMMARY: (decode, MAX_SUMMARY_BYTES),
    }
    found: dict[str, str] = {}
    for name, (read, limit) in kinds.items():
        try:
            if (content := directory.read(name, limit=limit)) is not None:
                read(content)
        except (StoreError, ValueError) as error:
            found[name] = str(error)
    return found


def remarks(damaged: Mapping[str, str]) -> tuple[str, ...]:
    """A sentence on each, for commands that only read the study."""
    return tuple(f"{name} is ignored ({reason}): 'ablate run' makes it again." for name, reason in damaged.items())


def set_damaged_aside(directory: StudyDirectory, observer: Observer) -> Mapping[str, str]:
    """Renames those that are damaged, says so, and returns them as `find_damaged`.

    Raises:
        DiskError: the directory cannot be written.
    """
    damaged = find_damaged(directory)
    for name, reason in damaged.items():
        aside = directory.set_damaged_aside(name)
        observer.on_message(f"{name} cannot be read ({reason}): set aside as {aside.name}, and made again.")
    return damaged
