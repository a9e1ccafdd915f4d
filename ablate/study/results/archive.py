"""Reads an archive of `ablate export`: unpacks it into a temporary folder, and checks it against its own list."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

import msgspec

from ablate.errors import StoreError
from ablate.limits import MAX_ARCHIVE_NAME_LENGTH, MAX_ARCHIVE_RATIO, MAX_ARCHIVE_SLACK_BYTES, MAX_SUMMARY_BYTES
from ablate.study.results.export import CONTENTS, SCHEMA, SUFFIXES
from ablate.study.results.verification import Problem, Verification, verify_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_READ_BYTES = 1 << 20
"""Bytes that are read at a time; a tar file's header has no more."""

DAMAGED = (
    *(tarfile.TarError, gzip.BadGzipFile, zipfile.BadZipFile, zlib.error),
    *(EOFError, ValueError, NotImplementedError, RuntimeError),
)
"""What the readers of tar and zip files raise on those that are not whole, or not of the format."""

FETCH_AGAIN = "Ask for the archive again."
NOTHING_KEPT = "Nothing was left of it here, and nothing was trained."


class _RefusedError(Exception):
    """Why an archive is not unpacked, as the rest of a sentence."""


def is_archive(name: str) -> bool:
    """Whether it is named as an archive is."""
    return name.endswith(SUFFIXES)


@contextmanager
def unpacked(archive: Path) -> Iterator[Path]:
    """The directory of the study in an archive, unpacked into a temporary folder that is removed at the end.

    Only regular files are unpacked, each under the archive's one top folder, and never more than `MAX_ARCHIVE_RATIO`
    times the bytes that the archive has.

    Raises:
        StoreError: there is no such file; it is damaged, cut off, or no archive of `ablate export`; or it has a link, a
            name outside of its folder, the same name twice, or more bytes than the limit.
    """
    if not archive.is_file():
        raise StoreError(f"There is no archive {archive}: 'ablate export STUDY {archive.name}' packs one.")
    with tempfile.TemporaryDirectory(prefix="ablate-archive-") as folder:
        try:
            study = _unpack(archive, Path(folder))
        except _RefusedError as error:
            raise StoreError(f"{archive} is refused: {error}. {NOTHING_KEPT}") from None
        except DAMAGED as error:
            said = " ".join(str(error).split()) or type(error).__name__
            raise StoreError(f"{archive} is damaged or cut off, or no archive: {said}. {FETCH_AGAIN}") from error
        except OSError as error:
            raise StoreError(f"{archive} cannot be unpacked: {error.strerror or error}.") from error
        yield study


def verify_archive(study: Path, archive: Path) -> Verification:
    """Checks an unpacked archive against its own list, and where that agrees, as the files of any study.

    Args:
        study: The unpacked directory.
        archive: The archive, as problems name it.
    """
    found = verify_files(study)
    inside = (replace(one, path=archive / one.path.relative_to(study), remedy=FETCH_AGAIN) for one in found.problems)
    return replace(found, path=archive, problems=_unlisted(study, archive) or tuple(inside))


def _unlisted(study: Path, archive: Path) -> tuple[Problem, ...]:
    """Where it is not what its own list says: other content, or a file more or less."""
    listed = _listed(study)
    found = {str(path.relative_to(study)): path for path in study.rglob("*") if path.is_file()}
    found.pop(CONTENTS)
    said = {
        **dict.fromkeys(listed.keys() - found.keys(), "it is in the archive's list, and not in the archive"),
        **dict.fromkeys(found.keys() - listed.keys(), "it is in the archive, and not in its list"),
        **{
            name: "its checksum is not that of the archive's list"
            for name in listed.keys() & found.keys()
            if _digest(found[name]) != listed[name]
        },
    }
    return tuple(Problem(path=archive / name, what=said[name], remedy=FETCH_AGAIN) for name in sorted(said))


def _unpack(archive: Path, folder: Path) -> Path:
    limit = archive.stat().st_size * MAX_ARCHIVE_RATIO + MAX_ARCHIVE_SLACK_BYTES
    top: set[str] = set()
    members = _of_zip(archive, limit) if archive.suffix == ".zip" else _of_tar(archive, limit)
    for name, content in members:
        parts = _parts(name)
        top.add(parts[0])
        target = folder.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with target.open("xb") as file:
                shutil.copyfileobj(content, file, MAX_READ_BYTES)
        except FileExistsError:
            raise _RefusedError(f"it has {name!r} twice") from None
    if len(top) != 1 or not (folder / (study := top.pop()) / CONTENTS).is_file():
        raise _RefusedError(f"it is no archive of 'ablate export', which has one folder with {CONTENTS}")
    _listed(folder / study)
    return folder / study


def _parts(name: str) -> tuple[str, ...]:
    """The folders of a member's name, and its last part, below the folder that it is unpacked into."""
    parts = PurePosixPath(name).parts
    is_inside = len(parts) > 1 and parts[0] != "/" and ".." not in parts
    if not is_inside or len(name) > MAX_ARCHIVE_NAME_LENGTH or not name.isprintable() or "\\" in name:
        raise _RefusedError(f"{name[:80]!r} is no name of a file in the archive's folder")
    return parts


def _of_tar(archive: Path, limit: int) -> Iterator[tuple[str, IO[bytes]]]:
    with gzip.open(archive) as stream, tarfile.TarFile(fileobj=_Limited(stream, limit), mode="r") as tar:  # type: ignore[arg-type]
        for member in tar:
            if member.isdir():
                continue
            if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or member.issparse():
                raise _RefusedError(f"{member.name[:80]!r} is a link or a device, not a file")
            content = tar.extractfile(member)
            assert content is not None
            yield member.name, content
        # Read to its end: what is cut off there has lost its checksum.
        while stream.read(MAX_READ_BYTES):
            pass


def _of_zip(archive: Path, limit: int) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(archive) as packed:
        members = packed.infolist()
        if sum(member.file_size for member in members) > limit:
            raise _RefusedError(_too_large(limit))
        for member in members:
            if member.is_dir():
                continue
            if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
                raise _RefusedError(f"{member.filename[:80]!r} is a link or a device, not a file")
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise _RefusedError(f"{member.filename[:80]!r} is compressed by another method than deflate")
            with packed.open(member) as content:
                yield member.filename, content


class _Contents(msgspec.Struct, frozen=True):
    """The part of `export.json` that is read."""

    schema: int
    files: dict[str, str]


class _Limited:
    """A stream that is read from its beginning up to a limit of bytes, a little at a time."""

    def __init__(self, stream: gzip.GzipFile, limit: int) -> None:
        self._stream = stream
        self._limit = limit

    def read(self, size: int) -> bytes:
        if size > MAX_READ_BYTES or self._stream.tell() + size > self._limit:
            raise _RefusedError(_too_large(self._limit))
        return self._stream.read(size)

    def seek(self, offset: int) -> int:
        if offset > self._limit:
            raise _RefusedError(_too_large(self._limit))
        if offset < self._stream.tell():  # the headers of a file that is read would never end
            raise _RefusedError("one of its members has a size below zero")
        return self._stream.seek(offset)

    def tell(self) -> int:
        return self._stream.tell()


def _too_large(limit: int) -> str:
    return f"unpacked it has more than {limit:,} bytes, the limit for an archive of its size"


def _listed(study: Path) -> Mapping[str, str]:
    """Name → SHA-256 of each file, as the archive lists them."""
    from ablate import files

    try:
        content = msgspec.json.decode(files.read(study / CONTENTS, limit=MAX_SUMMARY_BYTES), type=_Contents)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _RefusedError(f"its {CONTENTS} is not one of 'ablate export': {error}") from None
    if content.schema != SCHEMA:
        raise _RefusedError(f"its {CONTENTS} has schema {content.schema}, and this version of ablate reads {SCHEMA}")
    return content.files


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
