"""The user's cache folder. Only this user can enter it, and files that another user could have written are not read."""

import os
import stat
from pathlib import Path

from platformdirs import user_cache_path

OWNER_ONLY_MODE = 0o700
GROUP_AND_OTHERS = 0o077
"""All permissions of everybody but the owner."""
WRITABLE_BY_OTHERS = 0o022


def path(*parts: str) -> Path:
    """A path in the cache folder. Creates nothing."""
    return user_cache_path("ablate").joinpath(*parts)


def make_private(*parts: str) -> None:
    """Creates the cache folder, or a folder in it, and removes all permissions of other users from both.

    Raises:
        OSError: a folder cannot be created, or its permissions cannot be changed.
    """
    for folder in (path(), path(*parts)):
        folder.mkdir(mode=OWNER_ONLY_MODE, parents=True, exist_ok=True)
        close(folder)


def close(target: Path) -> None:
    """Closes a file or folder of this user to all other users, whatever permissions the umask left.

    Raises:
        OSError: the permissions cannot be changed.
    """
    found = target.stat()
    if found.st_uid == os.getuid() and found.st_mode & GROUP_AND_OTHERS:
        target.chmod(stat.S_IMODE(found.st_mode) & ~GROUP_AND_OTHERS)


def is_trusted(file: Path) -> bool:
    """Whether this user owns a file and the cache folders above it, and no other user can write to them.

    A file that does not exist is trusted: there is nothing to read.
    """
    root = path()
    folders = [folder for folder in file.parents if folder == root or root in folder.parents]
    for place in (file, *folders):
        try:
            found = place.lstat()
        except OSError:
            continue
        is_link = stat.S_ISLNK(found.st_mode)  # the mode of a link itself has no effect
        if found.st_uid != os.getuid() or (found.st_mode & WRITABLE_BY_OTHERS and not is_link):
            return False
    return True
