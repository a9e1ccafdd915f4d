"""Counts the operations on a file system: of the driver, and of the workers, which another machine would do."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

AUDITED = {
    "open": "open",
    "os.mkdir": "mkdir",
    "os.rename": "rename",
    "os.remove": "remove",
    "os.listdir": "list",
    "os.scandir": "list",
    "fcntl.flock": "lock",
}
"""Python's audit events → the operation."""

PATCHED = {"stat": "stat", "lstat": "stat", "fsync": "sync"}
"""Functions of `os` of which there is no audit event → the operation."""


class Operations:
    """Counts while `counted` is entered. Files that are not below `folder`, such as modules, do not count."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self._is_on = False
        self.by = "driver"
        """Who does what is done now."""
        self.counts: Counter[tuple[str, str]] = Counter()
        """Who, and the operation → how often."""

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Counts what is done inside. Nothing is synced: of small files that takes the disk of this machine long."""
        sys.addaudithook(self._audit)  # for good: a hook cannot be removed
        self._is_on = True
        with patch.multiple(os, **{name: self._patched(name) for name in PATCHED}):
            try:
                yield
            finally:
                self._is_on = False

    @contextmanager
    def of(self, who: str) -> Iterator[None]:
        """What is done inside is done by another."""
        before, self.by = self.by, who
        try:
            yield
        finally:
            self.by = before

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._is_on and event in AUDITED and (event == "fcntl.flock" or self._is_inside(arguments[0])):
            self.counts[self.by, AUDITED[event]] += 1

    def _patched(self, name: str) -> Any:
        function = getattr(os, name)

        def counting(path: Any, *arguments: Any, **named: Any) -> Any:
            if name == "fsync" or self._is_inside(path):
                self.counts[self.by, PATCHED[name]] += 1
            return None if name == "fsync" else function(path, *arguments, **named)

        return counting

    def _is_inside(self, path: Any) -> bool:
        return isinstance(path, str | os.PathLike) and os.fspath(path).startswith(self._folder)
