"""What is kept of a training that has not ended, beside where its record will be."""

from pathlib import Path

import msgspec

from ablate import files
from ablate.limits import MAX_RECORD_BYTES
from ablate.store import atomic

STATE = "checkpoint.ckpt"
"""The state itself, which only a process with torch reads."""

PROGRESS = "checkpoint.json"


class Progress(msgspec.Struct, kw_only=True, frozen=True):
    """Which trials a state is of, and how far they are. It lies in the folder of the first of them."""

    trials: tuple[str, ...]
    """Their ids, in the order of their bundle."""
    stacked: bool
    """Whether they train as one."""
    conv_as_matmul: bool
    epoch: int
    """Epochs that have ended."""


def keep(folder: Path, progress: Progress, state: bytes) -> None:
    """Writes a state into the folder of a trial, in the place of the last one.

    Raises:
        DiskError: it cannot be written; the last one stays.
    """
    atomic.write(folder / STATE, state)
    atomic.write(folder / PROGRESS, msgspec.json.encode(progress), sync=False)


def progress_in(folder: Path) -> Progress | None:
    """What the folder of a trial has of a training that has not ended; None: nothing that can be read."""
    try:
        found = msgspec.json.decode(files.read(folder / PROGRESS, limit=MAX_RECORD_BYTES), type=Progress)
    except (OSError, ValueError):
        return None
    return found if files.is_there(folder / STATE) else None


def discard(folder: Path) -> None:
    """Removes what is kept of a training.

    Raises:
        DiskError: the folder cannot be written.
    """
    for name in (PROGRESS, STATE):
        atomic.remove(folder / name)
