"""The user's cache folder: made for this user alone. What another user may have written there is not read."""

import os
import stat
from pathlib import Path

from platformdirs import user_cache_path

PRIVATE = 0o700
OTHERS = 0o077
WRITTEN_BY_OTHERS = 0o022


def path(*parts: str) -> Path:
    """A path in the cache; nothing is made."""
    return user_cache_path("ablate").joinpath(*parts)


def make_private(*parts: str) -> None:
    """Makes the cache folder, or one in it, which nobody else can enter; one of this user's that others can is closed.

    Raises:
        OSError: it cannot be made or changed.
    """
    for folder in (path(), path(*parts)):
        folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        close(folder)


def close(place: Path) -> None:
    """Takes from all others what they may do with a file or folder of this user's, whatever the umask gave them.

    Raises:
        OSError: it cannot be changed.
    """
    found = place.stat()
    if found.st_uid == os.getuid() and found.st_mode & OTHERS:
        place.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)


def is_trusted(file: Path) -> bool:
    """Whether a file, and the folders of the cache that it is in, are this user's and nobody else can write them.

    One that is not there is: there is nothing in it.
    """
    root = path()
    folders = [folder for folder in file.parents if folder == root or root in folder.parents]
    for place in (file, *folders):
        try:
            found = place.lstat()
        except OSError:
            continue
        is_link = stat.S_ISLNK(found.st_mode)  # whose own mode says nothing
        if found.st_uid != os.getuid() or (found.st_mode & WRITTEN_BY_OTHERS and not is_link):
            return False
    return True
