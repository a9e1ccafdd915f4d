"""Atomic writes: a file is there whole or not at all."""

import errno
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from ablate.errors import StoreError
from ablate.store import leftovers

SIDE_BY_SIDE = 16
"""Files that are written at a time."""


def write(path: Path, content: bytes) -> None:
    """Writes a file by way of a temporary one in the same directory: written, synced, renamed.

    Raises:
        StoreError: the disk is full, or the directory cannot be written; nothing half-written is left behind.
    """
    temporary = leftovers.temporary(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise StoreError(explain(path, error)) from error
    finally:
        with suppress(OSError):  # it has been renamed, or its directory takes no writes
            temporary.unlink()


def write_all(files: Mapping[Path, bytes]) -> None:
    """Writes files side by side: a disk syncs many of them in the time of one.

    Raises:
        StoreError: as `write`, of the first that fails; the others are written.
    """
    if len(files) < 2:
        for path, content in files.items():
            write(path, content)
        return
    with ThreadPoolExecutor(max_workers=min(len(files), SIDE_BY_SIDE)) as pool:
        for done in [pool.submit(write, path, content) for path, content in files.items()]:
            done.result()


def remove(path: Path) -> None:
    """Removes a file, if it is there.

    Raises:
        StoreError: its directory cannot be written.
    """
    try:
        if path.exists():
            path.unlink()
    except OSError as error:
        raise StoreError(explain(path, error)) from error


def explain(path: Path, error: OSError) -> str:
    """Says why a path was not written, and what to do about it."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full: {path} was not written. Free space, or give another --results-dir; then run again."
    if isinstance(error, FileExistsError | NotADirectoryError):
        reason = f"{_file_in_the_way(path)} is a file, not a directory"
    else:
        reason = error.strerror or str(error)
    return f"{path} cannot be written: {reason}. Give a writable directory with --results-dir."


def _file_in_the_way(path: Path) -> Path:
    return next((place for place in (path, *path.parents) if place.is_file()), path)


def _sync(directory: Path) -> None:
    """Syncs a rename: without it a power cut can undo it. Some network file systems know no such thing."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
