"""The check that the trials of a fractional study are of the fraction that its factors have now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ablate.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ablate.config.spec import StudySpec
    from ablate.design import Layout
    from ablate.store import Record


def check_fraction(spec: StudySpec, layout: Layout, records: Iterable[Record], path: Path) -> None:
    """Refuses trials that were made with another fraction of the same factors.

    Earlier versions of ablate took fractions that confound more. Their design points are not a part of these, so that
    the trials of both together have no alias structure, and neither part of them can be judged by that of the other.

    Raises:
        StoreError: some trials stand outside the fraction; says what to do with them.
    """
    if spec.design != "fractional":
        return
    from ablate.design.point import cell, rows_by_cell

    cells = rows_by_cell(layout.points)
    outside = {
        cell(record.levels)
        for record in records
        if record.state != "failed" and set(record.levels) == set(spec.names) and cell(record.levels) not in cells
    }
    if outside:
        raise StoreError(
            f"{path} was trained with another fraction of its factors: {len(outside)} of its design points are not "
            f"among the {len(cells)} of the fraction of minimum aberration, which this version of ablate takes. Keep "
            "the directory, with its summary.md, as it is, and run the study under another study.name or another "
            "--results-dir."
        )
