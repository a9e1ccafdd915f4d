"""Bytes of many records: a process holds those that were added last, and a temporary file has the others."""

import os
import tempfile
import weakref
from typing import BinaryIO

MAX_HELD_BYTES = 512 << 10
"""Bytes that are held in memory: those of some 1,000 records."""

_LENGTH_BYTES = 4
_READ_BYTES = 1024
"""What is read at once: a content with its length, usually."""


class Spool:
    """Contents are added, and read again by their places. Where no file can be written, all are held in memory."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._written = 0
        """Bytes that are in the file, which come before those that are held."""
        self._file: BinaryIO | None = None
        self._is_full = False
        """Whether the temporary files' disk has taken no more."""

    def add(self, content: bytes) -> int:
        """Adds a content; returns its place."""
        place = self._written + len(self._held)
        self._held += len(content).to_bytes(_LENGTH_BYTES) + content
        if len(self._held) > MAX_HELD_BYTES and not self._is_full:
            self._write()
        return place

    def __getitem__(self, place: int) -> bytes:
        found = self._read(place, _READ_BYTES)
        size = int.from_bytes(found[:_LENGTH_BYTES])
        content = found[_LENGTH_BYTES : _LENGTH_BYTES + size]
        return content if len(content) == size else self._read(place + _LENGTH_BYTES, size)

    def _read(self, place: int, size: int) -> bytes:
        if place >= self._written:
            begin = place - self._written
            return bytes(self._held[begin : begin + size])
        assert self._file is not None
        # Not seek and read: a forked process shares the position in the file.
        return os.pread(self._file.fileno(), min(size, self._written - place), place)

    def _write(self) -> None:
        """Moves what is held to the file. After an error it stays held, and what was written of it is not read."""
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 – it is closed with this object
                weakref.finalize(self, self._file.close)
            done = 0
            while done < len(self._held):
                done += os.pwrite(self._file.fileno(), self._held[done:], self._written + done)
        except OSError:
            self._is_full = True
            return
        self._written += len(self._held)
        self._held = bytearray()
