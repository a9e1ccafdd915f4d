"""Reads files that need not be what they should be: regular ones only, without waiting, up to a limit of bytes."""

import errno
import os
import stat
from pathlib import Path

KINDS = (
    (stat.S_ISDIR, errno.EISDIR, "Is a directory"),
    (stat.S_ISFIFO, errno.EINVAL, "Is a named pipe, not a file"),
    (stat.S_ISSOCK, errno.EINVAL, "Is a socket, not a file"),
    (stat.S_ISCHR, errno.EINVAL, "Is a device, not a file"),
    (stat.S_ISBLK, errno.EINVAL, "Is a device, not a file"),
)


def read(path: Path, *, limit: int, follow: bool = False) -> bytes:
    """The content of a file.

    Args:
        path: The file.
        limit: Bytes that it may have.
        follow: Whether it may be a symbolic link.

    Raises:
        FileNotFoundError, NotADirectoryError: there is nothing.
        OSError: there is no regular file, or it cannot be read, or is too large; `strerror` says which.
    """
    try:
        # Without O_NONBLOCK, opening a named pipe waits for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW))
    except OSError as error:
        if error.errno == errno.ELOOP and not follow:
            raise OSError(errno.ELOOP, "Is a symbolic link, which is not followed", str(path)) from None
        if error.errno in (errno.ENXIO, errno.EOPNOTSUPP):
            raise OSError(error.errno, "Is a socket or a device, not a file", str(path)) from None
        raise
    except ValueError as error:  # a null byte in the path
        raise OSError(errno.EINVAL, str(error), str(path)) from None
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        found = os.fstat(descriptor)
        for is_kind, code, reason in KINDS:
            if is_kind(found.st_mode):
                raise OSError(code, reason, str(path))
        if found.st_size > limit:
            raise _too_large(path, found.st_size, limit)
        # Some file systems know no size beforehand; and the file may grow.
        content = bytearray()
        while piece := file.read(min(max(found.st_size, 1 << 16), limit) + 1):
            content += piece
            if len(content) > limit:
                raise _too_large(path, len(content), limit)
    return bytes(content)


def is_there(path: Path) -> bool:
    """Whether there is anything of that name, such as a symbolic link to nothing."""
    return os.path.lexists(path)


def reason(error: OSError) -> str:
    """Why a file cannot be read, as a part of a sentence."""
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:]


def _too_large(path: Path, size: int, limit: int) -> OSError:
    return OSError(errno.EFBIG, f"Has {size:,} bytes; the limit is {limit:,}", str(path))
