"""The table of design points: the response of each, its difference from the baseline, and what it costs."""

from collections.abc import Sequence

from ablate.analysis.summary import INTERVAL_FROM, PointSummary, Summary
from ablate.report.tables.columns.cost_columns import cost_columns, cost_notes, cost_values
from ablate.report.tables.columns.diagnostic_columns import diagnostic_columns, diagnostic_notes
from ablate.report.tables.columns.point_columns import point_columns, seconds_column, seconds_notes
from ablate.report.tables.columns.row import Row, interval, levels
from ablate.report.tables.columns.row import proportion as proportion_cells
from ablate.report.tables.contrasts import STARTS_NOTE, starts_equal
from ablate.report.tables.costs import costs
from ablate.report.tables.kind import TableKind
from ablate.report.tables.tuning.columns import tuned_columns, tuned_notes
from ablate.report.text.basis import basis
from ablate.report.text.number import Digits, bounds, interval_name, proportion, with_interval
from ablate.report.text.point_name import BASELINE, PointNames, point_names
from ablate.report.text.table import ABSENT, Column, Table

REFERENCE = "reference"
"""The cell in place of a difference, for the point that the others are compared with."""

_LISTED_BELOW = 5
"""Replicates from which the values themselves are no longer listed."""


def points_table(summary: Summary, names: PointNames) -> Table:
    """All design points, in the order of the design; there must be one."""
    points = summary.points
    most = max(len(p.values) for p in points)
    origin = _origin(points, names)

    means = [p.mean for p in points]
    deltas = [p.difference.paired.difference if p.difference else None for p in points]
    values = [x for p in points for x in p.values]
    moves = [x for p in points if p.difference for x in p.difference.paired.differences]
    digits = Digits.fitting(values, means)
    change = Digits.fitting(moves, deltas) if interval_name(deltas) else digits
    aligned = digits.padded(bounds(means))
    change = change.as_difference().padded(bounds(deltas))

    columns: list[tuple[Column, list[str]]] = [
        *point_columns(points, names),
        (Column(name="n", justify="right"), [_count(p) for p in points]),
        (Column(name=_mean_heading(most, with_interval("mean", means))), [_estimate(p, aligned) for p in points]),
        (Column(name="SD", justify="right", instead="spread"), [digits.number(p.sd) for p in points]),
        (
            Column(name="values", group=1),
            [digits.several(p.values) or ABSENT for p in points] if INTERVAL_FROM <= most < _LISTED_BELOW else [],
        ),
        (
            Column(name=with_interval(f"Δ from {origin}", deltas)),
            [REFERENCE if names.of(p.levels) == origin else _difference(p, change) for p in points] if moves else [],
        ),
        (
            Column(name=with_interval("diverged k/n", [p.diverged.interval for p in points]), group=1),
            [proportion(p.diverged) for p in points] if any(p.diverged.k for p in points) else [],
        ),
        (
            Column(name="start equal", justify="right", group=1),
            [starts_equal(p.difference) if p.difference else ABSENT for p in points],
        ),
        (
            Column(name="timed out", justify="right", group=1),
            [str(p.timed_out) if p.timed_out else ABSENT for p in points] if any(p.timed_out for p in points) else [],
        ),
        *tuned_columns([p.tuned for p in points], group=1),
        *diagnostic_columns(summary),
        *cost_columns(
            width=summary.capacity.heading if summary.capacity else "width",
            widths=[p.width for p in points],
            group=1,
            **cost_values(points),
        ),
        seconds_column(points, group=1),
    ]
    return Table.of(
        title=f"Design points: {summary.response}",
        columns=columns,
        caption=names.caption,
        notes=(*_notes(points, most, summary.timed_on), *diagnostic_notes(summary)),
        basis=basis([len(p.values) for p in points], means),
    )


def _mean_heading(most: int, mean: str) -> str:
    return {0: "value", 1: "value", 2: "both values"}.get(most, mean)


def _origin(points: tuple[PointSummary, ...], names: PointNames) -> str:
    """What the differences are taken from: the baseline, or in a leave-one-out design another point."""
    origins = dict.fromkeys(names.of({**p.levels, **p.difference.against}) for p in points if p.difference)
    return " or ".join(origins) or BASELINE


def _count(point: PointSummary) -> str:
    n = len(point.values)
    return str(n) if n == point.planned else f"{n} of {point.planned}"


def _estimate(point: PointSummary, digits: Digits) -> str:
    if len(point.values) < INTERVAL_FROM:
        return digits.several(point.values) or ABSENT
    return digits.interval(point.mean)


def _difference(point: PointSummary, digits: Digits) -> str:
    if point.difference is None:
        return ABSENT
    paired = point.difference.paired
    if paired.n < INTERVAL_FROM:
        return digits.several(paired.differences) or ABSENT
    return digits.interval(paired.difference)


def _notes(points: tuple[PointSummary, ...], most: int, timed_on: tuple[str, ...]) -> tuple[str, ...]:
    notes = [*tuned_notes([p.tuned for p in points])]
    notes += [*cost_notes(timed_on=timed_on, **cost_values(points)), *seconds_notes(points)]
    if any(p.difference and p.difference.shared_parameters is not None for p in points):
        notes.append(STARTS_NOTE)
    if most >= INTERVAL_FROM and any(0 < len(p.values) < INTERVAL_FROM for p in points):
        notes.append("Where n is 1 or 2 the values themselves are shown, not the mean.")
    if any(len(p.values) >= INTERVAL_FROM and p.mean is not None and p.mean.low is None for p in points):
        notes.append("A mean without an interval: all its values are equal.")
    if any(p.difference and p.difference.paired.identical for p in points):
        notes.append("A Δ without an interval: the difference is the same in every replicate.")
    if any(len(p.values) != p.planned for p in points):
        notes.append("Where n is given as k of m, the other trials failed, ran out of time or have not been run.")
    return tuple(notes)


def point_rows(summary: Summary) -> list[Row]:
    """One row for each design point: its levels, its response, its difference from the baseline, and what it costs."""
    names = point_names(summary)
    settings = summary.tuning.settings if summary.tuning else ()
    return [
        {"point": row["point"]} | levels(point.levels, row) | row
        for point in summary.points
        for row in [_row(point, names, summary.response, settings)]
    ]


def _row(point: PointSummary, names: PointNames, response: str, settings: Sequence[str]) -> Row:
    difference = point.difference
    against = names.of({**point.levels, **difference.against}) if difference else None
    return (
        {
            "point": names.of(point.levels),
            "response": response,
            "baseline": point.baseline,
            "n": len(point.values),
            "planned": point.planned,
            "failed": point.failed,
            "timed_out": point.timed_out,
            "missing": point.missing,
        }
        | interval("mean", point.mean)
        | {"sd": point.sd, "against": against}
        | interval("difference", difference.paired.difference if difference else None)
        | proportion_cells("diverged", point.diverged)
        | {f"tuned.{key}": point.tuned.get(key) for key in settings}
        | costs(point)
    )


POINTS = TableKind(
    about="each design point: its response, its difference from the baseline, and what it costs",
    items=lambda results: (
        [points_table(results.summary, point_names(results.summary))] if results.summary.points else []
    ),
    rows=lambda results: point_rows(results.summary),
    data=lambda results: {"points": results.summary.points},
    present=lambda summary: bool(summary.points),
    columns=(
        "point",
        "response",
        "baseline",
        "n",
        "planned",
        "failed",
        "timed_out",
        "missing",
        "mean",
        "mean_low",
        "mean_high",
    ),
)
