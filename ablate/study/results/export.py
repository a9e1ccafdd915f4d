"""Packs a study into one archive: its files as they are on disk, and what made them."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from ablate.errors import ConfigError, StoreError
from ablate.study.results.verification import checked_files, verify_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ablate.store import Record, StudyDirectory

CONTENTS = "export.json"
"""The file of an archive that lists the other files, and what made them."""
SCHEMA = 1
REPORTS = ("summary.md", "report.html")
"""Files of a study that have no checksum of their own; packed where they exist."""
SUFFIXES = (".tar.gz", ".tgz", ".zip")


@dataclass(frozen=True, kw_only=True)
class Exported:
    """An archive that was written."""

    path: Path
    files: int
    """Number of files in it."""
    bytes: int
    """Size of the archive."""


def export(path: Path, target: Path | None = None, *, replace: bool = False) -> Exported:
    """Writes an archive of a study. The same files, packed in the same environment, make the same bytes.

    It has study.yaml, every record with the files beside it, those of tuning trials, what is measured and summarised of
    them, and a list of all with SHA-256 digests, digests of code and versions. It has no logs and no checkpoints.

    Args:
        path: The study's directory.
        target: The archive; its suffix chooses the format. Default: the directory's name with `.tar.gz`, here.
        replace: Whether a file of that name is replaced.

    Raises:
        ConfigError: the suffix is none of `SUFFIXES`, or the archive exists.
        StoreError: a file of the study is not as it was written, lies elsewhere, or changes meanwhile; or the archive
            cannot be written.
    """
    from pathlib import Path

    from ablate import files
    from ablate.store import StudyDirectory
    from ablate.store.atomic import writing

    name = path.resolve().name
    target = Path(f"{name}.tar.gz") if target is None else target
    if not target.name.endswith(SUFFIXES):
        raise ConfigError(f"{target} is not the name of an archive. Valid: names that end in {', '.join(SUFFIXES)}.")
    if files.is_there(target) and not replace:
        raise ConfigError(f"{target} exists. Add --force to replace it, or give another FILE.")
    if problems := verify_files(path).problems:
        first, *others = problems
        more = f", and {len(others)} more" if others else ""
        raise StoreError(
            f"{path} is not packed, because not all files are as they were written: {first.path}: {first.what}{more}. "
            "'ablate verify' lists them, each with what to do."
        )
    directory = StudyDirectory(path)
    before = _state(directory)
    digests: dict[str, str] = {}
    with writing(target, option="FILE") as file:
        with closing(_Zip(file) if target.suffix == ".zip" else _Tar(file)) as archive:
            for member, content in _members(directory):
                digests[member] = hashlib.sha256(content).hexdigest()
                archive.add(f"{name}/{member}", content)
            archive.add(f"{name}/{CONTENTS}", _contents(directory, name, digests))
        if _state(directory) != before:
            raise StoreError(
                f"{path} has changed while it was packed: nothing was written. Wait until its run has ended, and try "
                "again."
            )
    return Exported(path=target, files=len(digests) + 1, bytes=target.stat().st_size)


def _state(directory: StudyDirectory) -> object:
    from ablate.store.choices import tuning_directory

    return directory.read("study.yaml"), directory.digest(), tuning_directory(directory.path).digest()


def _members(directory: StudyDirectory) -> Iterator[tuple[str, bytes]]:
    """Name below the study's directory, and content; in the order of the names in each folder."""
    from ablate.limits import MAX_SUMMARY_BYTES, MAX_WEIGHTS_BYTES
    from ablate.store.choices import FOLDER, tuning_directory

    for name in sorted((*checked_files(), *REPORTS)):
        if (content := directory.read(name, limit=MAX_SUMMARY_BYTES)) is not None:
            yield name, content
    for place, prefix in ((directory, ""), (tuning_directory(directory.path), f"{FOLDER}/")):
        records = place.contents().records
        for folder in (place.path, place.path / "trials", *map(place.trial, sorted(records))):
            if folder != directory.path and folder.is_symlink():
                raise StoreError(f"{folder} is a symbolic link, which is not followed. Put the folder itself there.")
        for trial in sorted(records):
            for name in sorted(("record.json", *records[trial].files)):
                if "/" in name:
                    raise StoreError(f"The record of trial {trial} names a file outside of its folder: {name}.")
                member = f"trials/{trial}/{name}"
                content = place.read(member, limit=MAX_WEIGHTS_BYTES)
                if content is None:
                    raise StoreError(f"{place.path / member} is gone: nothing was written. Try again.")
                yield prefix + member, content


def _contents(directory: StudyDirectory, name: str, digests: Mapping[str, str]) -> bytes:
    """What is in the archive, as JSON: what trained it, and what packed it."""
    import msgspec

    from ablate.store.choices import tuning_directory

    records = directory.contents().records.values()
    tried = tuning_directory(directory.path).contents().records.values()
    made = Counter(_made_by(record) for group in (records, tried) for record in group if record.provenance)
    code = Counter(record.provenance.source for group in (records, tried) for record in group if record.provenance)
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "study": name,
        "trained_by": [{**dict(way), "trials": n} for way, n in sorted(made.items(), key=str)],
        "code": dict(sorted(code.items())),
        "packed_by": _environment(),
        "files": dict(digests),
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n"


def _made_by(record: Record) -> tuple[tuple[str, Any], ...]:
    """Its provenance, without the digest of its code and the name of the machine."""
    from dataclasses import asdict

    assert record.provenance is not None
    return tuple((key, value) for key, value in asdict(record.provenance).items() if key not in ("source", "host"))


def _environment() -> Mapping[str, Any]:
    """Python, the system, and the packages of this process; `trained_by` has the versions that trained."""
    import platform
    from importlib.metadata import distributions

    packages = {found.name: found.version for found in distributions()}
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "packages": dict(sorted(packages.items(), key=lambda item: item[0].lower())),
    }


class _Archive(Protocol):
    def add(self, name: str, content: bytes) -> None: ...

    def close(self) -> None: ...


class _Tar:
    """A tar file, compressed by gzip. No time, no user, and no mode of a file on disk goes into it."""

    def __init__(self, file: BinaryIO) -> None:
        import gzip

        self._gzip = gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0)
        self._tar = tarfile.TarFile(mode="w", fileobj=self._gzip, format=tarfile.PAX_FORMAT)

    def add(self, name: str, content: bytes) -> None:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        self._tar.addfile(info, io.BytesIO(content))

    def close(self) -> None:
        self._tar.close()
        self._gzip.close()


class _Zip:
    """A zip file without times, users and modes, as `_Tar`."""

    def __init__(self, file: BinaryIO) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)

    def add(self, name: str, content: bytes) -> None:
        info = zipfile.ZipInfo(name)  # of 1980, the first year of the format
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        self._zip.writestr(info, content)

    def close(self) -> None:
        self._zip.close()
