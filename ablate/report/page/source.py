"""What a page is made of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ablate.report.tables.kind import Results


@dataclass(frozen=True, kw_only=True)
class Source:
    """A study's results, and what its trials wrote beside their records, which is read where a figure needs it."""

    results: Results
    curves: Callable[[], Sequence[Mapping[str, Any]]]
    """A row for each trial and epoch."""
    layers: Callable[[], Sequence[tuple[Mapping[str, str], Mapping[str, Any]]]]
    """Of each design point: its levels, and diagnostic → moment → layer → mean."""
    notes: tuple[str, ...] = ()
    """On records that could not be counted and files that are damaged."""
