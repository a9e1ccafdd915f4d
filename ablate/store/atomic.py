"""Atomic writes: a file is there whole or not at all."""

import errno
import fcntl
import itertools
import os
import re
import secrets
import time
from collections.abc import Generator, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ablate import files
from ablate.errors import DiskError, StoreError

MAX_PARALLEL_WRITES = 16
"""Files that are written at a time."""

DAMAGED = "damaged"
"""What is added to the name of a file that can be made again, when it is set aside."""

TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}\.tmp")
"""Names of temporary files."""

ABANDONED_S = 86_400.0
"""Seconds after which a temporary file is abandoned, on a file system without locks."""


def write(path: Path, content: bytes | Iterable[bytes], *, sync: bool = True) -> None:
    """Writes a file by way of a temporary one in the same directory: written, synced, renamed.

    A symbolic link of that name is replaced, never followed. The temporary file is locked while its writer lives.

    Args:
        path: The file.
        content: Its bytes, or pieces of them.
        sync: Whether it must outlast a power cut.

    Raises:
        DiskError: the disk is full, or the directory cannot be written; nothing half-written is left behind.
    """
    with writing(path, sync=sync) as file:
        file.writelines([content] if isinstance(content, bytes) else content)


@contextmanager
def writing(path: Path, *, sync: bool = True, option: str = "--results-dir") -> Generator[BinaryIO]:
    """A file that is written piece by piece, as `write`: it is there under its name once the block has ended.

    Args:
        path: The file.
        sync: As of `write`.
        option: What the user can give so that it is written elsewhere.

    Raises:
        DiskError: as `write`. An error in the block leaves nothing behind.
    """
    temporary = path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary, opened = _temporary(path)
        with opened as file:
            yield file
            file.flush()
            if sync:
                os.fsync(file.fileno())
            temporary.replace(path)
        if sync:
            _sync(path.parent)
    except OSError as error:
        raise DiskError(explain(path, error, option=option)) from error
    finally:
        if temporary != path:
            with suppress(OSError):  # it has been renamed, or its directory takes no writes
                temporary.unlink()


def _temporary(path: Path) -> tuple[Path, BinaryIO]:
    """Makes and locks a temporary file beside a path. One that was swept before it was locked is made again."""
    while True:
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
        file = temporary.open("xb")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # who sweeps has locked it
            file.close()
            continue
        except OSError:  # a file system without locks
            return temporary, file
        if os.fstat(file.fileno()).st_nlink:
            return temporary, file
        file.close()


def sweep(folders: Iterable[Path]) -> int:
    """Removes the temporary files of writers that died; returns how many.

    Whatever cannot be removed stays: it does no harm.

    Args:
        folders: Where they are sought, and not below.
    """
    removed = 0
    for folder in folders:
        with suppress(OSError):
            names = [entry.name for entry in os.scandir(folder)]
            removed += sum(_remove_abandoned(folder / name) for name in names if TEMPORARY.fullmatch(name))
    return removed


def _remove_abandoned(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        age = time.time() - os.fstat(descriptor).st_mtime
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # its writer lives
            return False
        except OSError:
            if age < ABANDONED_S:
                return False
        path.unlink()
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def write_all(files: Mapping[Path, bytes]) -> None:
    """Writes files side by side: a disk syncs many of them in the time of one.

    Raises:
        DiskError: as `write`, of the first that fails; the others are written.
    """
    if len(files) < 2:
        for path, content in files.items():
            write(path, content)
        return
    with ThreadPoolExecutor(max_workers=min(len(files), MAX_PARALLEL_WRITES)) as pool:
        writing = [pool.submit(write, path, content) for path, content in files.items()]
    for done in writing:  # all are: a Ctrl-C while a future is waited for can leave it locked, and its thread waiting
        done.result()


def remove(path: Path) -> None:
    """Removes a file, if it is there.

    Raises:
        DiskError: its directory cannot be written.
    """
    try:
        if files.is_there(path):
            path.unlink()
    except OSError as error:
        raise DiskError(explain(path, error)) from error


def set_aside(path: Path, suffix: str) -> Path:
    """Renames whatever is there to its name with a suffix and, from the second on, a number; returns the new path.

    Raises:
        DiskError: the directory cannot be written.
    """
    numbers = itertools.chain([""], (f"-{number}" for number in itertools.count(2)))
    names = (f"{path.name}.{suffix}{number}" for number in numbers)
    aside = next(path.with_name(name) for name in names if not files.is_there(path.with_name(name)))
    try:
        path.rename(aside)
    except OSError as error:
        raise DiskError(explain(aside, error)) from error
    return aside


def check_folder(path: Path) -> None:
    """Refuses a symbolic link in place of a folder of a study: files would be written elsewhere.

    Raises:
        StoreError: it is one.
    """
    if path.is_symlink():
        raise StoreError(
            f"{path} is a symbolic link, which is not followed: nothing was written. Remove it, or put the folder "
            "itself there."
        )


def explain(path: Path, error: OSError, *, option: str = "--results-dir") -> str:
    """Says why a path was not written, and what to do about it: to give another `option`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full: {path} was not written. Free space, or give another {option}; then run again."
    if isinstance(error, FileExistsError | NotADirectoryError):
        reason = f"{_file_in_the_way(path)} is a file, not a directory"
    else:
        reason = error.strerror or str(error)
    return f"{path} cannot be written: {reason}. Give a writable directory with {option}."


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
