"""Temporary files of processes that were killed while they wrote."""

import hashlib
import os
import re
import secrets
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

OLD_S = 24 * 3600.0
"""After which a temporary file is nobody's, whoever made it: a file takes milliseconds."""

NAME = re.compile(r"\..+\.(?:(?P<host>[0-9a-f]{8})-(?P<pid>\d+)-)?[0-9a-f]{8}\.tmp")


def temporary(path: Path) -> Path:
    """Where a file is written before it is renamed: beside it, under a name that says which process writes it."""
    return path.with_name(f".{path.name}.{_host()}-{os.getpid()}-{secrets.token_hex(4)}.tmp")


def sweep(folders: Iterable[Path]) -> None:
    """Removes the temporary files that nobody writes any more; what cannot be removed stays.

    Of this host, those whose process is gone. Of other hosts, which may share the directory, those of a day ago.
    """
    for folder in folders:
        with suppress(OSError):
            for entry in os.scandir(folder):
                with suppress(OSError):
                    if (name := NAME.fullmatch(entry.name)) and _is_left(name, entry.stat().st_mtime):
                        Path(entry.path).unlink()


def _is_left(name: re.Match[str], written: float) -> bool:
    if name["host"] == _host() and not _is_alive(int(name["pid"])):
        return True
    return time.time() - written > OLD_S


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True


@cache
def _host() -> str:
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]
