"""A study's directory as the source of a page: its results, and the files beside them that figures need."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ablate.analysis.summary import Summary

if TYPE_CHECKING:
    from ablate.report.page.source import Source


def page_source(summary: Summary, path: Path, *, name: str, notes: Sequence[str] = ()) -> "Source":
    """What a page shows. Trials, curves and layers are read when a table or a figure needs them.

    Args:
        summary: Of the study.
        path: Its directory.
        name: What `ablate show` finds it by.
        notes: Which records are left out, and which files are damaged.
    """
    from ablate.report.page.source import Source
    from ablate.report.tables.kind import Results
    from ablate.study import records
    from ablate.study.measurements import curves, layers

    return Source(
        results=Results(summary=summary, name=name, trials=lambda: records(path)),
        curves=lambda: curves(path, summary.levels),
        layers=lambda: layers(path, summary.levels),
        notes=tuple(notes),
    )
