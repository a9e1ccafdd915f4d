"""The kinds of table that the registry lists: how each is written as text, as rows and as JSON."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ablate.analysis.summary import Summary
from ablate.report.tables.columns.row import Row
from ablate.report.text.line import Line
from ablate.report.text.table import Item
from ablate.store import Record
from ablate.store.costs import PointCost

Trials = Sequence[tuple[Record, PointCost | None]]
"""The trials of a study, each with what its design point's network costs."""


def _no_trials() -> Trials:
    return ()


def _no_drawing(_results: "Results", _width: int, _ascii_only: bool) -> Sequence[Line]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Results:
    """The results of a study: its summary, and its trials, which are read only when a table needs them."""

    summary: Summary
    trials: Callable[[], Trials] = _no_trials
    """Reads them from disk."""
    name: str = ""
    """What `ablate show` finds the study by; empty: its own name."""
    is_on_disk: bool = True
    """Whether `ablate show` finds it at all."""


@dataclass(frozen=True, kw_only=True)
class TableKind:
    """One table of a study, by the name that `--table` takes."""

    about: str
    """What it holds, in a few words."""
    items: Callable[[Results], Sequence[Item]]
    """As text; none where the study has no such table."""
    rows: Callable[[Results], Sequence[Row]]
    """Plain values at full precision, every row with the same columns."""
    data: Callable[[Results], Mapping[str, object]]
    """For JSON: parts of the summary, by name."""
    present: Callable[[Summary], bool]
    """Whether the study has such a table."""
    columns: tuple[str, ...]
    """The leading columns of `rows`: the header where there is no row."""
    estimates: bool = True
    """Whether it holds estimates, which the scope of the study is said of."""
    in_document: bool = True
    """Whether it is part of the whole document; what repeats other tables is not."""
    drawn: Callable[[Results, int, bool], Sequence[Line]] = _no_drawing
    """What a terminal shows below the table, which says the same in numbers: from its width in cells, and whether it
    takes ASCII only."""
