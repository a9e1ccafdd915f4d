"""Where a driver runs. A worker on a node compares this with its own machine to find which files both see."""

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
"""A link with the same target in all processes that know each other by the same process ids."""


@dataclass(frozen=True, kw_only=True)
class DriverLocation:
    """The machine, working directory and import path of a driver."""

    machine: str
    """Boot id and process namespace: equal if processes can see each other; empty: not known."""
    folder: Path
    folder_id: tuple[int, int]
    """Device and inode of the working directory."""
    path: tuple[str, ...]
    """The import path."""
    environment: Mapping[str, str] | None
    """None: it is not sent to a cluster, as it may hold secrets."""
    storage: Storage

    @property
    def shares_folder(self) -> bool:
        """Whether this process is on the driver's machine and sees the driver's working directory."""
        with suppress(OSError):
            return self.is_same_machine and _folder_id(self.folder) == self.folder_id
        return False

    @property
    def is_same_machine(self) -> bool:
        """Whether this process is on the driver's machine, and processes have the same ids for both."""
        return bool(self.machine) and self.machine == _machine()

    def shares_code(self) -> bool:
        """Whether user-defined modules are imported from the driver's working directory, not from a copy."""
        return self.storage == "shared" or (self.storage == "auto" and self.shares_folder)

    def shares_study(self, directory: Path, signature: str | None) -> bool:
        """Whether this process and the driver see the same study directory.

        Args:
            directory: The study's directory, absolute or relative to the driver's working directory.
            signature: The driver's `study_signature` of it.
        """
        if self.storage != "auto":
            return self.storage == "shared"
        return self.shares_folder if signature is None else signature == study_signature(self.folder / directory)


def driver_location(storage: Storage, *, is_local: bool) -> DriverLocation:
    """The location of this process.

    Args:
        storage: The setting `engine.storage`.
        is_local: Whether the workers are those of a local instance.
    """
    folder = Path.cwd()
    return DriverLocation(
        machine=_machine(),
        folder=folder,
        folder_id=_folder_id(folder),
        path=tuple(sys.path),
        environment=dict(os.environ) if is_local else None,
        storage=storage,
    )


def study_signature(directory: Path) -> str | None:
    """Inode, modification time in nanoseconds and size of a study's `study.yaml`; None: the file does not exist.

    Two machines that find the same signature under the same path see the same file.
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
