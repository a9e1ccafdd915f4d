"""The results and files that a page shows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ablate.report.tables.kind import Results


@dataclass(frozen=True, kw_only=True)
class Source:
    """A study's results, and functions that read the files beside its records where a figure needs them."""

    results: Results
    curves: Callable[[], Sequence[Mapping[str, Any]]]
    """A row for each trial and epoch."""
    layers: Callable[[], Sequence[tuple[Mapping[str, str], Mapping[str, Any]]]]
    """For each design point its levels, and diagnostic → moment → layer → mean."""
    notes: tuple[str, ...] = ()
    """Which records are left out, and which files are damaged."""
