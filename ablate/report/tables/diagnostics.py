"""The table of diagnostics: what was measured of each design point's networks while they trained."""

from collections.abc import Mapping
from dataclasses import replace

from ablate.analysis.summary import Summary
from ablate.config.diagnostic import DIAGNOSTICS as KNOWN
from ablate.report.tables.columns.diagnostic_columns import diagnostic_columns, diagnostic_notes
from ablate.report.tables.columns.point_columns import point_columns
from ablate.report.tables.columns.row import Row, levels
from ablate.report.tables.kind import TableKind
from ablate.report.text.point_name import point_names
from ablate.report.text.table import Table

_COLUMNS = ("point", "diagnostic", "moment", "value")


def diagnostics_table(summary: Summary) -> Table:
    """One row for each design point, with every diagnostic that was measured; there must be one."""
    measured = replace(summary, diagnostics=diagnostics(summary))
    names = point_names(summary)
    return Table.of(
        title="Diagnostics",
        columns=[*point_columns(summary.points, names), *diagnostic_columns(measured)],
        caption=names.caption,
        notes=diagnostic_notes(measured),
    )


def diagnostics(summary: Summary) -> tuple[str, ...]:
    """The names of those that were measured in any trial."""
    return tuple(name for name in KNOWN if any(name in point.diagnostics for point in summary.points))


def diagnostic_rows(summary: Summary) -> list[Row]:
    """One row for each design point, diagnostic and moment: the mean over the replicates."""
    names = point_names(summary)
    return [
        {"point": names.of(point.levels)}
        | levels(point.levels, _COLUMNS)
        | {"diagnostic": name, "moment": moment, "value": value}
        for point in summary.points
        for name, moments in point.diagnostics.items()
        for moment, value in moments.items()
    ]


def _data(summary: Summary) -> list[Mapping[str, object]]:
    return [{"levels": point.levels, "diagnostics": point.diagnostics} for point in summary.points]


DIAGNOSTICS = TableKind(
    about="what was measured of each network while it trained",
    items=lambda results: [diagnostics_table(results.summary)] if diagnostics(results.summary) else [],
    rows=lambda results: diagnostic_rows(results.summary),
    data=lambda results: {"diagnostics": _data(results.summary)},
    present=lambda summary: bool(diagnostics(summary)),
    columns=_COLUMNS,
)
