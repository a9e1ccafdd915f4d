"""Data sets that torchvision reads from a folder: loaded, or the reason why not."""

import http.client
import os
import pickle
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from ablate.errors import DataError

# What torchvision's readers raise on files that are absent, cut off or not of the format, and its downloads
# without a network.
UNREADABLE = (
    AssertionError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    http.client.HTTPException,
    pickle.UnpicklingError,
)


@dataclass(frozen=True, kw_only=True)
class Files:
    """Where a torchvision data set lies under its root. Digests are torchvision's MD5; None: it has none."""

    title: str
    dataset: Any
    root: Path
    directory: Path
    contents: Mapping[str, str | None]
    """File in the directory → digest."""
    archives: tuple[Path, ...]
    """What the contents are unpacked from."""

    def load(self, *, download: bool) -> tuple[Any, Any]:
        """The train and test parts, as torchvision's data sets.

        Raises:
            DataError: files are absent, damaged, or could not be downloaded.
        """
        try:
            with self._held() if download else nullcontext():
                return self._part(train=True, download=download), self._part(train=False, download=download)
        except UNREADABLE as error:
            raise DataError(self._explained(error, download=download)) from error

    def _part(self, *, train: bool, download: bool) -> Any:
        part = self.dataset(self.root, train=train, download=download)
        if len(part.data) != len(part.targets):
            raise ValueError(f"{len(part.data)} images, but {len(part.targets)} labels")
        return part

    def _held(self) -> AbstractContextManager[Any]:
        """Lets one process unpack at a time: torchvision takes a half-unpacked file for a whole one."""
        self.root.mkdir(parents=True, exist_ok=True)
        if not os.access(self.root, os.W_OK):  # a shared, finished folder: nothing is unpacked there
            return nullcontext()
        return FileLock(self.root / ".download.lock")

    def _explained(self, error: BaseException, *, download: bool) -> str:
        reason = " ".join(str(error).split()) or type(error).__name__
        missing = [name for name in self.contents if not (self.directory / name).is_file()]
        elsewhere = "data.root=DIR (or the environment's ABLATE_DATA_DIR) for a folder that has it"
        if not missing:
            damaged = [name for name, digest in self.contents.items() if not _intact(self.directory / name, digest)]
            names = f" ({', '.join(damaged)})" if damaged else ""
            return (
                f"{self.title} in {self.directory} is damaged{names}: {reason}. Delete that folder and pass"
                f" data.download=true, or {elsewhere}."
            )
        lacking = f"{self.title} is not in {self.directory}"
        if len(missing) < len(self.contents):
            lacking += f" (no {', '.join(missing)})"
        if download:
            return f"{lacking}, and the download failed: {reason}. Pass {elsewhere}."
        if all(path.is_file() for path in self.archives):
            lacking += ", but its archives are there: unpack them by hand (gunzip -k, tar -xzf)"
        return f"{lacking}. Pass data.download=true to download it, or {elsewhere}."


def _intact(path: Path, digest: str | None) -> bool:
    from torchvision.datasets.utils import check_integrity

    try:
        return check_integrity(path, digest)
    except OSError:
        return False
