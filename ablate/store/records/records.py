"""The records of a study: what many of them have in common is held once, and the rest of each is spooled as bytes."""

import hashlib
import sys
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Generic, TypeVar, overload

import msgspec

from ablate.store.record import Counts, Provenance, Record
from ablate.store.records.spool import Spool

T = TypeVar("T")


class _Own(msgspec.Struct, kw_only=True, frozen=True, array_like=True):
    """What a record does not share. Lists are in the order of the names in what it shares."""

    common: int
    """The place of what it shares with others of its design point; so `counts` and `provenance`."""
    counts: int
    provenance: int
    replicate: int
    seconds: float
    started: str
    error: str | None
    responses: list[float | None]
    diagnostics: list[list[float]]
    trivial: list[float]
    simple: list[list[float]]
    files: list[str]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Own)


class Records(Mapping[str, Record]):
    """Trial id → record. A record is made whenever it is asked for: as objects they take fifty times the memory.

    Records of a design point have most in common: their configuration, levels, counts and provenance, and the names of
    their responses and diagnostics. The trials of a study are many more than its design points, so that this keeps
    the driver of a large study small. Of many, what they do not share is in a temporary file.
    """

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._commons = _Distinct[Record]()
        self._counts = _Distinct[Counts]()
        self._provenances = _Distinct[Provenance | None]()
        self._own = Spool()
        self._places: dict[str, int] = {}
        """Trial id → the place of what it does not share."""
        for record in records:
            self.add(record)

    def add(self, record: Record) -> None:
        """Adds a record, in the place of one of the same id."""
        common = _common(record)
        own = _Own(
            common=self._commons.place(hashlib.sha256(msgspec.json.encode(common)).digest(), common),
            counts=self._counts.place(record.counts, record.counts),
            provenance=self._provenances.place(record.provenance, record.provenance),
            replicate=record.replicate,
            seconds=record.seconds,
            started=record.started,
            error=record.error,
            responses=[*record.responses.values()],
            diagnostics=[[*moments.values()] for moments in record.diagnostics.values()],
            trivial=[*record.trivial.values()],
            simple=[[*scores.values()] for scores in record.simple.values()],
            files=[*record.files.values()],
        )
        # pathlib interns the names of folders, so that each id is there already and is not held twice.
        self._places[sys.intern(record.id)] = self._own.add(_ENCODER.encode(own))

    def without(self, trial_ids: Collection[str]) -> "Records":
        """The same without some trials."""
        if not trial_ids:
            return self
        found = Records()
        found._commons, found._counts, found._provenances = self._commons, self._counts, self._provenances
        found._own = self._own
        found._places = {each: place for each, place in self._places.items() if each not in trial_ids}
        return found

    def __getitem__(self, trial_id: str) -> Record:
        own = _DECODER.decode(self._own[self._places[trial_id]])
        common = self._commons.values[own.common]
        return replace(
            common,
            id=trial_id,
            counts=self._counts.values[own.counts],
            provenance=self._provenances.values[own.provenance],
            replicate=own.replicate,
            seconds=own.seconds,
            started=own.started,
            error=own.error,
            responses=_named(common.responses, own.responses),
            diagnostics=_nested(common.diagnostics, own.diagnostics),
            trivial=_named(common.trivial, own.trivial),
            simple=_nested(common.simple, own.simple),
            files=_named(common.files, own.files),
        )

    def __contains__(self, trial_id: object) -> bool:
        return trial_id in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class _Distinct(Generic[T]):
    """Values that differ, each with its place."""

    def __init__(self) -> None:
        self.values: list[T] = []
        self._places: dict[Hashable, int] = {}

    def place(self, key: Hashable, value: T) -> int:
        """The place of the value that has this key, which is added where there is none."""
        place = self._places.setdefault(key, len(self.values))
        if place == len(self.values):
            self.values.append(value)
        return place


class Selection(Sequence[Record]):
    """Some records in an order; each is looked up whenever it is asked for."""

    def __init__(self, records: Mapping[str, Record], trial_ids: Sequence[str]) -> None:
        self._records, self._ids = records, trial_ids

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> "Selection": ...
    def __getitem__(self, index: int | slice) -> "Record | Selection":
        if isinstance(index, slice):
            return Selection(self._records, self._ids[index])
        return self._records[self._ids[index]]

    def __len__(self) -> int:
        return len(self._ids)


def _common(record: Record) -> Record:
    """What records of a design point may have in common, with names but without numbers."""
    return replace(
        record,
        id="",
        study=sys.intern(record.study),
        counts=Counts(),
        provenance=None,
        replicate=0,
        seconds=0.0,
        started="",
        error=None,
        responses=dict.fromkeys(record.responses),
        diagnostics={name: dict.fromkeys(moments, 0.0) for name, moments in record.diagnostics.items()},
        trivial=dict.fromkeys(record.trivial, 0.0),
        simple={name: dict.fromkeys(scores, 0.0) for name, scores in record.simple.items()},
        files=dict.fromkeys(record.files, ""),
    )


def _named(names: Iterable[str], values: Iterable[T]) -> dict[str, T]:
    return dict(zip(names, values, strict=True))


def _nested(names: Mapping[str, Iterable[str]], values: Iterable[Iterable[T]]) -> dict[str, dict[str, T]]:
    return {name: _named(inner, each) for (name, inner), each in zip(names.items(), values, strict=True)}
