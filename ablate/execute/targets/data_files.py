"""Digests of data files that a configuration names. They tell results of these files from results of others."""

import hashlib
import os
from functools import lru_cache
from pathlib import Path


def files_digest(place: Path) -> str:
    """SHA-256 of a file's content, or of the names and sizes of all files in a folder; empty: it cannot be read.

    Files in a folder are not read: there may be many images.
    """
    try:
        if place.is_file():
            state = place.stat()
            return _content(place, state.st_mtime_ns, state.st_size)
        return _folder(place) if place.is_dir() else ""
    except OSError:
        return ""  # what reads the data says so


@lru_cache(maxsize=64)
def _content(file: Path, _modified: int, _size: int) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _folder(folder: Path) -> str:
    digest = hashlib.sha256()
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            file = Path(place, name)
            digest.update(f"{file.relative_to(folder)}\0{file.stat().st_size}\0".encode(errors="surrogateescape"))
    return digest.hexdigest()
