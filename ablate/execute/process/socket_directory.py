"""The directory of the sockets by which a driver's processes find each other, and of multiprocessing's other files."""

import fcntl
import multiprocessing
import os
import shutil
import tempfile
from contextlib import suppress
from multiprocessing.util import Finalize, get_temp_dir
from pathlib import Path

PREFIX = "ablate-mp-"

MAX_ADDRESS_BYTES = 103
"""Of a socket's path: 104 bytes with the final null on macOS, 108 on Linux (`sun_path` of unix(4), unix(7))."""

BELOW_BYTES = len(f"/{PREFIX}12345678/pymp-12345678/listener-12345678")
"""What is added to the path of the temporary directory."""

SHORT = ("/tmp", "/var/tmp", "/dev/shm")
"""Where it is made if the temporary directory's own path is too long."""

_held: dict[int, int] = {}
"""Process → open file that locks its directory. A forked process holds none."""


def hold() -> None:
    """Makes the directory of this process, once, and removes those of processes that are gone.

    Multiprocessing removes its directory when a process ends by itself, and leaves it if it is killed. This one is
    locked as long as its process lives, so that the next one can tell.

    Raises:
        OSError: there is no place for it; the message says what to do.
    """
    if os.getpid() in _held:
        return
    remove_abandoned()
    while True:
        made = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root_for(BELOW_BYTES)))
        if (lock := _locked(made)) is not None and made.is_dir():  # no other process has swept it before it was locked
            break
    _held[os.getpid()] = lock
    # After multiprocessing has removed its own, at priority -100. In a forked process it does nothing.
    Finalize(None, shutil.rmtree, args=(made, True), exitpriority=-200)
    before, tempfile.tempdir = tempfile.tempdir, str(made)
    try:
        get_temp_dir()  # makes its own in there, and keeps to it
    finally:
        tempfile.tempdir = before


def root_for(below_bytes: int) -> Path:
    """A temporary directory below which a path of that many more bytes can be a socket's.

    Raises:
        OSError: there is none; the message says what to do.
    """
    places = [tempfile.gettempdir(), *SHORT]
    for place in places:
        is_short = len(os.fsencode(place)) + below_bytes <= MAX_ADDRESS_BYTES
        if is_short and Path(place).is_dir() and os.access(place, os.W_OK | os.X_OK):
            return Path(place)
    raise OSError(
        f"{places[0]} has too long a path for the sockets of processes ({MAX_ADDRESS_BYTES - below_bytes} bytes at "
        f"most), and none of {', '.join(SHORT)} can be written. Set TMPDIR to a directory with a short path."
    )


def remove_abandoned() -> None:
    """Removes the directories of this user's processes that are gone.

    Raises:
        OSError: there is no place for such directories.
    """
    for left in root_for(BELOW_BYTES).glob(f"{PREFIX}*"):
        with suppress(OSError):
            if left.is_dir() and left.stat().st_uid == os.getuid() and (lock := _locked(left)) is not None:
                shutil.rmtree(left, ignore_errors=True)
                os.close(lock)


def _locked(directory: Path) -> int | None:
    """A lock on a directory, which the operating system releases when its process ends; None: another has it."""
    try:
        lock = os.open(directory, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def temporary_directory() -> "tempfile.TemporaryDirectory[str]":
    """A directory for a while, in that of the process: if it is killed, the next process removes both."""
    if multiprocessing.parent_process() is None:  # a worker has that of its driver
        with suppress(OSError):
            hold()
    return tempfile.TemporaryDirectory(dir=get_temp_dir())
