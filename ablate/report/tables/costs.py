"""The table of costs: what the network of each design point takes."""

from collections.abc import Mapping

from ablate.analysis.summary import PointSummary, Summary
from ablate.plan.cost import NETWORK_COSTS
from ablate.report.tables.columns.cost_columns import cost_columns, cost_notes, cost_values
from ablate.report.tables.columns.point_columns import point_columns, seconds_column, seconds_notes
from ablate.report.tables.columns.row import Row, levels
from ablate.report.tables.kind import TableKind
from ablate.report.text.point_name import point_names
from ablate.report.text.table import Table


def costs_table(summary: Summary) -> Table:
    """One row for each design point; there must be one."""
    points = summary.points
    names = point_names(summary)
    return Table.of(
        title="Costs",
        columns=[
            *point_columns(points, names),
            *cost_columns(
                width=summary.capacity.heading if summary.capacity else "width",
                widths=[p.width for p in points],
                **cost_values(points),
            ),
            seconds_column(points),
        ],
        caption=names.caption,
        notes=(
            *cost_notes(timed_on=summary.timed_on, **cost_values(points)),
            *seconds_notes(points),
        ),
    )


def costs(point: PointSummary) -> dict[str, int | float | None]:
    """What a design point's network takes: counts, bytes and seconds."""
    return {"width": point.width, **point.numbers(), "seconds": point.seconds}


def cost_rows(summary: Summary) -> list[Row]:
    """One row for each design point."""
    names = point_names(summary)
    return [
        {"point": names.of(point.levels)} | levels(point.levels, ("point", *costs(point))) | costs(point)
        for point in summary.points
    ]


def _data(summary: Summary) -> list[Mapping[str, object]]:
    return [{"levels": point.levels} | costs(point) for point in summary.points]


COSTS = TableKind(
    about=f"what each network takes: {', '.join(kind.heading for kind in NETWORK_COSTS.values())}, seconds",
    items=lambda results: [costs_table(results.summary)] if results.summary.points else [],
    rows=lambda results: cost_rows(results.summary),
    data=lambda results: {"costs": _data(results.summary)},
    present=lambda summary: bool(summary.points),
    columns=("point", "width", *NETWORK_COSTS, "seconds"),
    estimates=False,
    in_document=False,  # its columns stand in the table of design points
)
