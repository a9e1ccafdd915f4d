"""A file that is there whole or not at all."""

import errno
import os
import tempfile
from pathlib import Path

from ablate.errors import StoreError


def write(path: Path, content: bytes) -> None:
    """Writes a file by way of a temporary one in the same directory: written, synced, renamed.

    Raises:
        StoreError: the disk is full, or the directory cannot be written; nothing half-written is left behind.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
        _sync(path.parent)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise StoreError(explain(path, error)) from error


def explain(path: Path, error: OSError) -> str:
    """What kept a path from being written, and what to do about it."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full: {path} was not written. Free space, or give another --results-dir; then run again."
    return f"{path} cannot be written: {error.strerror or error}. Give a writable directory with --results-dir."


def _sync(directory: Path) -> None:
    """Syncs a rename: without it a power cut can undo it."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
