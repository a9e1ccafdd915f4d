"""The table of costs: what the network of each design point takes."""

from collections.abc import Mapping

from ablate.analyze.summary import PointSummary, Summary
from ablate.report.tables.cost_columns import cost_columns, cost_notes
from ablate.report.tables.kind import TableKind
from ablate.report.tables.point_columns import point_columns, seconds_column, seconds_notes
from ablate.report.tables.row import Row, levels
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
                parameters=[p.parameters for p in points],
                flops=[p.flops for p in points],
                activation_bytes=[p.activation_bytes for p in points],
                latency_seconds=[p.latency_seconds for p in points],
            ),
            seconds_column(points),
        ],
        caption=names.caption,
        notes=(
            *cost_notes(
                flops=[p.flops for p in points],
                activation_bytes=[p.activation_bytes for p in points],
                latency_seconds=[p.latency_seconds for p in points],
                timed_on=summary.timed_on,
            ),
            *seconds_notes(points),
        ),
    )


def costs(point: PointSummary) -> dict[str, int | float | None]:
    """What a design point's network takes: counts, bytes and seconds."""
    return {
        "width": point.width,
        "parameters": point.parameters,
        "flops": point.flops,
        "activation_bytes": point.activation_bytes,
        "latency_seconds": point.latency_seconds,
        "seconds": point.seconds,
    }


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
    about="what each network takes: parameters, FLOPs, activation memory, latency, seconds",
    items=lambda results: [costs_table(results.summary)] if results.summary.points else [],
    rows=lambda results: cost_rows(results.summary),
    data=lambda results: {"costs": _data(results.summary)},
    present=lambda summary: bool(summary.points),
    columns=("point", "width", "parameters", "flops", "activation_bytes", "latency_seconds", "seconds"),
    estimates=False,
    in_document=False,  # its columns stand in the table of design points
)
