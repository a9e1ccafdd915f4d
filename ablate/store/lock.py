"""The lock on a study: one driver holds it at a time, and a second gets the holder's name."""

import os
import socket
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from filelock import FileLock, Timeout

from ablate import files
from ablate.errors import DiskError, StoreError
from ablate.limits import MAX_HOLDER_BYTES
from ablate.store import atomic

LOCK = ".lock"
HOLDER = ".lock.holder.json"


class Holder(msgspec.Struct, kw_only=True, frozen=True):
    """The driver that holds a study, or held it when it was killed."""

    pid: int
    host: str
    since: str

    @property
    def has_died(self) -> bool:
        """Whether its process is gone; False for a process of another machine, of which that is not known."""
        if self.host != socket.gethostname():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except (OSError, OverflowError):
            return False
        return False

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, since {self.since}"


def holder(directory: Path) -> Holder | None:
    """The driver that holds a study, as it wrote; None: none does, or it does not say."""
    try:
        found = msgspec.json.decode(files.read(directory / HOLDER, limit=MAX_HOLDER_BYTES), type=Holder)
    except (OSError, ValueError, RecursionError):
        return None
    return found if found.pid > 0 else None


class Lock:
    """A lock on a study's directory. The operating system releases it when its holder dies, however it dies."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = FileLock(directory / LOCK)

    def acquire(self) -> None:
        """Takes the lock at once or not at all.

        Raises:
            StoreError: another driver holds it (says who, since when).
            DiskError: the directory cannot be written.
        """
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            if (self._directory / LOCK).is_symlink():  # locking would open, and empty, what it points to
                raise StoreError(f"{self._directory / LOCK} is a symbolic link, which is not followed. Remove it.")
            self._lock.acquire(timeout=0)
            now = datetime.now(UTC).isoformat("T", "seconds")
            driver = Holder(pid=os.getpid(), host=socket.gethostname(), since=now)
            atomic.write(self._directory / HOLDER, msgspec.json.encode(driver), sync=False)
        except Timeout as error:
            other = holder(self._directory)
            said = "" if other is None else f" ({other})"
            raise StoreError(f"{self._directory} is held by another driver{said}. Wait for it or stop it.") from error
        except DiskError:
            self._lock.release()
            raise
        except OSError as error:
            self._lock.release()
            raise DiskError(atomic.explain(self._directory, error)) from error

    def release(self) -> None:
        """Gives the lock back; nothing happens where it is not held. The lock's file stays: removing it would race."""
        if self._lock.is_locked:
            with suppress(DiskError):  # it names a process that holds nothing
                atomic.remove(self._directory / HOLDER)
            self._lock.release()

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
