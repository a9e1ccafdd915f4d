"""The checkpoint of a training that has not ended: two files in the folder of the trial."""

from pathlib import Path

import msgspec

from ablate import files
from ablate.limits import MAX_RECORD_BYTES
from ablate.store import atomic

STATE = "checkpoint.ckpt"
"""What Lightning wrote. Only a process with torch reads it."""

PROGRESS = "checkpoint.json"
"""What a process without torch reads of it."""


class Progress(msgspec.Struct, kw_only=True, frozen=True):
    """Which trials a checkpoint is of, and how far they are. It is in the folder of the first of them."""

    trials: tuple[str, ...]
    """Their ids, in the order of their bundle."""
    stacked: bool
    """Whether they train as one."""
    conv_as_matmul: bool
    epoch: int
    """Epochs that have ended."""


def keep(folder: Path, progress: Progress, state: bytes) -> None:
    """Writes a checkpoint into the folder of a trial, in place of the last one.

    Raises:
        DiskError: it cannot be written; the last one stays.
    """
    atomic.write(folder / STATE, state)
    atomic.write(folder / PROGRESS, msgspec.json.encode(progress), sync=False)


def progress_in(folder: Path) -> Progress | None:
    """The progress of the checkpoint in the folder of a trial; None: there is none that can be read."""
    try:
        found = msgspec.json.decode(files.read(folder / PROGRESS, limit=MAX_RECORD_BYTES), type=Progress)
    except (OSError, ValueError):
        return None
    return found if files.is_there(folder / STATE) else None


def discard(folder: Path) -> None:
    """Removes the checkpoint in the folder of a trial.

    Raises:
        DiskError: the folder cannot be written.
    """
    for name in (PROGRESS, STATE):
        atomic.remove(folder / name)
