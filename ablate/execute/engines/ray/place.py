"""Where a driver is: what a worker on another machine compares with what is there, to tell what both see."""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ablate.store.directory import STUDY, StudyDirectory

Storage = Literal["auto", "shared", "none"]

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
PID_NAMESPACE = Path("/proc/self/ns/pid")
"""Its target is one for all processes that see each other under the same numbers."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """The machine, working directory and import path of a driver."""

    machine: str
    """Equal where processes can see each other; empty: not known."""
    folder: Path
    folder_id: tuple[int, int]
    """Device and inode of the working directory."""
    path: tuple[str, ...]
    environment: Mapping[str, str]
    storage: Storage

    @property
    def is_here(self) -> bool:
        """Whether this process is on the driver's machine, and sees its working directory there."""
        with suppress(OSError):
            return self.is_same_machine and _folder_id(self.folder) == self.folder_id
        return False

    @property
    def is_same_machine(self) -> bool:
        """Whether the driver's processes have the numbers here that they have there."""
        return bool(self.machine) and self.machine == _machine()

    def sees_code(self) -> bool:
        """Whether user-defined modules are to be imported from the driver's working directory."""
        return self.storage == "shared" or (self.storage == "auto" and self.is_here)

    def sees(self, directory: Path, mark: str | None) -> bool:
        """Whether records that are written in a study's directory here are there for the driver.

        Args:
            directory: The study's.
            mark: What `mark_of` says of it at the driver.
        """
        if self.storage != "auto":
            return self.storage == "shared"
        return self.is_here if mark is None else mark == mark_of(self.folder / directory)


def here(storage: Storage) -> Place:
    """The place of this process."""
    folder = Path.cwd()
    return Place(
        machine=_machine(),
        folder=folder,
        folder_id=_folder_id(folder),
        path=tuple(sys.path),
        environment=dict(os.environ),
        storage=storage,
    )


def mark_of(directory: Path) -> str | None:
    """What tells a study's directory from another of its path, on every machine alike; None: it has not been frozen.

    Its inode and its time of change, to the nanosecond, are those of the file that both see.
    """
    try:
        found = (StudyDirectory(directory).path / STUDY).stat()
    except OSError:
        return None
    return f"{found.st_ino}:{found.st_mtime_ns}:{found.st_size}"


def _folder_id(folder: Path) -> tuple[int, int]:
    found = folder.stat()
    return found.st_dev, found.st_ino


def _machine() -> str:
    with suppress(OSError):
        return f"{BOOT_ID.read_text(encoding='utf-8').strip()} {PID_NAMESPACE.readlink()}"
    return ""
