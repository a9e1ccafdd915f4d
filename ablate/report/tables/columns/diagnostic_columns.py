"""Columns of the table of design points for the diagnostics that a study names."""

from collections.abc import Mapping

from ablate.analysis.summary import Summary
from ablate.config.diagnostic import DIAGNOSTICS
from ablate.report.text.number import MINUS
from ablate.report.text.table import ABSENT, Column

ARROW = " → "
WHEN = (
    " Start → end: on a probe batch before the first step and after the last; of a user-defined LightningModule, on "
    "the batches of its first training step and of its last."
)


def diagnostic_columns(summary: Summary) -> list[tuple[Column, list[str]]]:
    """One for each diagnostic, with a cell for each design point: start → end, or the end alone of what never moves."""
    return [
        (
            Column(name=_heading(name), justify="right", group=2),
            [_cell(point.diagnostics.get(name, {}), moves=DIAGNOSTICS[name].moves) for point in summary.points],
        )
        for name in summary.diagnostics
    ]


def diagnostic_notes(summary: Summary) -> tuple[str, ...]:
    """What the columns hold; none where there are none."""
    shown = [name for name in summary.diagnostics if any(name in p.diagnostics for p in summary.points)]
    if not shown:
        return ()
    means = "means over the replicates"
    if any(DIAGNOSTICS[name].ratio for name in shown):
        means += ", geometric for norms, SDs, ratios and ranks"
    when = WHEN if any(DIAGNOSTICS[n].moves for n in shown) else ""
    return (f"Diagnostics: {means}.{when}",)


def _heading(name: str) -> str:
    diagnostic = DIAGNOSTICS[name]
    return f"{diagnostic.title}, start{ARROW}end" if diagnostic.moves else diagnostic.title


def _cell(values: Mapping[str, float], *, moves: bool) -> str:
    if not values:
        return ABSENT
    ends = [values.get(moment) for moment in ("start", "end")]
    if not moves:
        ends = [next((x for x in reversed(ends) if x is not None), None)]
    return ARROW.join(ABSENT if x is None else _number(x) for x in ends)


def _number(value: float) -> str:
    """Two significant digits: it says what happens, and is compared by eye."""
    text = f"{value:.2g}" if abs(value) < 1e-3 or abs(value) >= 1e5 else f"{value:.{_decimals(value)}f}"
    return ("0" if float(text) == 0 else text).replace("-", MINUS)


def _decimals(value: float) -> int:
    return next((places for bound, places in ((10, 0), (1, 1), (0.1, 2), (0.01, 3)) if abs(value) >= bound), 4)
