"""`python -m tests.network_disk SOURCE TARGET`: mounts SOURCE at TARGET as the file system of a busy network shows it.

Each operation takes some milliseconds, and what is known of a name is not asked again for a while, a name that was not
there included: what another machine writes, deletes or renames is seen late. TARGET may be SOURCE, which is then below.
It needs root, FUSE (/dev/fuse, libfuse3) and mfusepy; it runs until it is ended or unmounted.
"""

import errno
import os
import random
import sys
import time
from collections.abc import Callable
from typing import Any

from mfusepy import FUSE, FuseOSError, Operations

SLOW_S = 0.02
"""Longest time of an operation; they are drawn evenly from 0."""

CACHED_S = 3.0
"""Time for which the kernel asks for no name or attribute again, as NFS's `acregmin`."""


class NetworkDisk(Operations):
    """The files below a folder. Paths are absolute ones of the mounted file system."""

    use_ns = True

    def __init__(self, folder: int) -> None:
        self._folder = folder
        """A file descriptor: the folder stays reachable when something is mounted on it."""
        self._delays = random.Random(0)

    def _slowly(self, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        time.sleep(self._delays.random() * SLOW_S)
        try:
            return call(*arguments, **named)
        except OSError as error:
            raise FuseOSError(error.errno or errno.EIO) from error

    def _at(self, call: Callable[..., Any], path: str, *arguments: Any, **named: Any) -> Any:
        return self._slowly(call, path.lstrip("/") or ".", *arguments, dir_fd=self._folder, **named)

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        """Attributes of a name."""
        found = self._at(os.stat, path, follow_symlinks=False)
        names = ("st_mode", "st_ino", "st_nlink", "st_uid", "st_gid", "st_size", "st_blocks")
        times = {name: getattr(found, f"{name}_ns") for name in ("st_atime", "st_mtime", "st_ctime")}
        return {name: getattr(found, name) for name in names} | times

    def readdir(self, path: str, fh: int) -> list[str]:
        """The names in a folder, always new ones, as of NFS after its folder's time has changed."""
        opened = self._at(os.open, path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            return [".", "..", *(entry.name for entry in os.scandir(opened))]
        finally:
            os.close(opened)

    def open(self, path: str, flags: int) -> int:
        """Opens a file."""
        return self._at(os.open, path, flags & ~os.O_CREAT)

    def create(self, path: str, mode: int, fi: Any = None) -> int:
        """Makes a file."""
        return self._at(os.open, path, os.O_RDWR | os.O_CREAT, mode)

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        """Reads a part of a file."""
        return self._slowly(os.pread, fh, size, offset)

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        """Writes a part of a file."""
        return self._slowly(os.pwrite, fh, data, offset)

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        """Cuts a file."""
        opened = self._at(os.open, path, os.O_WRONLY) if fh is None else fh
        try:
            self._slowly(os.ftruncate, opened, length)
        finally:
            if fh is None:
                os.close(opened)
        return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        """Writes a file to the disk below."""
        self._slowly(os.fsync, fh)
        return 0

    def release(self, path: str, fh: int) -> int:
        """Closes a file."""
        os.close(fh)
        return 0

    def mkdir(self, path: str, mode: int) -> int:
        """Makes a folder."""
        self._at(os.mkdir, path, mode)
        return 0

    def rmdir(self, path: str) -> int:
        """Removes a folder."""
        self._at(os.rmdir, path)
        return 0

    def unlink(self, path: str) -> int:
        """Removes a file."""
        self._at(os.unlink, path)
        return 0

    def rename(self, old: str, new: str, flags: int = 0) -> int:
        """Renames a file or folder."""
        self._at(lambda *names, dir_fd: os.rename(*names, src_dir_fd=dir_fd, dst_dir_fd=dir_fd), old, new.lstrip("/"))
        return 0

    def link(self, target: str, source: str) -> int:
        """Gives a file a second name, `target`."""
        self._at(
            lambda *names, dir_fd: os.link(*names, src_dir_fd=dir_fd, dst_dir_fd=dir_fd), source, target.lstrip("/")
        )
        return 0

    def symlink(self, target: str, source: str) -> int:
        """Makes a symbolic link."""
        self._slowly(os.symlink, source, target.lstrip("/"), dir_fd=self._folder)
        return 0

    def readlink(self, path: str) -> str:
        """What a symbolic link names."""
        return self._at(os.readlink, path)

    def chmod(self, path: str, mode: int) -> int:
        """Changes permissions."""
        self._at(os.chmod, path, mode)
        return 0

    def utimens(self, path: str, times: tuple[int, int] | None = None) -> int:
        """Sets a file's times."""
        self._at(os.utime, path, ns=times)
        return 0

    def statfs(self, path: str) -> dict[str, int]:
        """Room on the disk below."""
        found = self._slowly(os.fstatvfs, self._folder)
        names = ("f_bavail", "f_bfree", "f_blocks", "f_bsize", "f_files", "f_ffree", "f_frsize", "f_namemax")
        return {name: getattr(found, name) for name in names}


def main(source: str, target: str) -> None:
    """Mounts, and serves until it is unmounted."""
    folder = os.open(source, os.O_RDONLY | os.O_DIRECTORY)
    cached = dict.fromkeys(("attr_timeout", "entry_timeout", "negative_timeout"), CACHED_S)
    FUSE(NetworkDisk(folder), target, foreground=True, **cached)


if __name__ == "__main__":
    main(*sys.argv[1:])
