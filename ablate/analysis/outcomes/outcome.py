"""Outcomes: what the planned trials yielded, laid out as design points × replicates."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import numpy.typing as npt

from ablate.config.spec import StudySpec
from ablate.design.point import DesignPoint, cell, rows_by_cell
from ablate.store.record import Record


class Row(Sequence[Record | None]):
    """The records of a design point, by replicate. Each is looked up whenever it is asked for, and none is held."""

    def __init__(self, records: Sequence[Record], places: npt.NDArray[np.int64]) -> None:
        """Takes the records of a study, and which of them are this row's, shape (replicates,); -1: there is none."""
        self._records, self._places = records, places

    @overload
    def __getitem__(self, index: int) -> Record | None: ...
    @overload
    def __getitem__(self, index: slice) -> "Row": ...
    def __getitem__(self, index: int | slice) -> "Record | Row | None":
        if isinstance(index, slice):
            return Row(self._records, self._places[index])
        place = int(self._places[index])
        return None if place < 0 else self._records[place]

    def __len__(self) -> int:
        return len(self._places)


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """One place per planned trial. All arrays have the shape (design points, replicates)."""

    records: tuple[Row, ...]
    """By design point, then replicate."""
    response: npt.NDArray[np.float64]
    """Of the complete trials; NaN elsewhere."""
    diverged: npt.NDArray[np.bool_]
    failed: npt.NDArray[np.bool_]
    timed_out: npt.NDArray[np.bool_]
    """Censored: they have no response and no score."""
    notes: tuple[str, ...]
    """Which records could not be used as they are."""

    @property
    def complete(self) -> npt.NDArray[np.bool_]:
        """The trials that completed with a response."""
        return np.isfinite(self.response)

    @property
    def missing(self) -> npt.NDArray[np.bool_]:
        """The trials without a result: no record, or a complete one without a response."""
        return ~(self.complete | self.diverged | self.failed | self.timed_out)


def outcomes(spec: StudySpec, points: Sequence[DesignPoint], records: Sequence[Record]) -> Outcomes:
    """Puts each record in its place by levels and replicate, so that a missing record shifts no other."""
    rows = rows_by_cell(points)
    shape = len(points), spec.replicates
    places = np.full(shape, -1, dtype=np.int64)  # of the records that count; -1: there is none
    outside = doubled = 0
    for index, record in enumerate(records):
        row = rows.get(cell(record.levels))
        if row is None or not 0 <= record.replicate < spec.replicates:
            outside += 1
            continue
        other = int(places[row, record.replicate])
        doubled += other >= 0
        if other < 0 or _rank(records[other]) < _rank(record):
            places[row, record.replicate] = index
    found = tuple(Row(records, row) for row in places)
    response = np.full(shape, np.nan)
    diverged, failed, timed_out = (np.zeros(shape, dtype=np.bool_) for _ in range(3))
    notes: list[str] = []
    if outside:
        notes.append(f"{outside} of {len(records)} records are left out: their trials are not in this plan.")
    if doubled:
        notes.append(f"Trials with more than one record ({doubled} surplus) count once: the latest that did not fail.")
    there = (
        ((row, replicate), record)
        for row, each in enumerate(found)
        for replicate, record in enumerate(each)
        if record is not None
    )
    for place, record in there:
        diverged[place] = record.state == "diverged"
        failed[place] = record.state == "failed"
        timed_out[place] = record.state == "timed_out"
        if record.state == "complete":
            value = record.value(spec.response.name)
            if value is None or not math.isfinite(value):
                notes.append(f"Trial {record.id} is complete but has no {spec.response.name}: it counts as missing.")
            else:
                response[place] = value
    if censored := int(np.count_nonzero(timed_out)):
        notes.append(
            f"{censored} of {timed_out.size} trials ran out of time (trainer.timeout_min): they have no response, and "
            "are left out of every mean. Where an arm is slow because it is another network, what is left of it is no "
            "fair sample. A longer trainer.timeout_min and `--retry timed_out` train them again."
        )
    return Outcomes(
        records=found,
        response=response,
        diverged=diverged,
        failed=failed,
        timed_out=timed_out,
        notes=tuple(notes),
    )


def _rank(record: Record) -> tuple[bool, bool, str]:
    """Of two records of one trial the one that ranks higher is used; ISO times sort as text."""
    return record.is_result, record.state != "failed", record.started
