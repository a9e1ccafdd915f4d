"""The table of trials that did not complete."""

from ablate.analysis.summary import Summary
from ablate.report.tables.columns.row import Row, levels
from ablate.report.tables.kind import TableKind
from ablate.report.text.point_name import PointNames, point_names
from ablate.report.text.table import ABSENT, Column, Table


def failures_table(summary: Summary, names: PointNames) -> Table:
    """One row for each: what it was, how it ended, and where its traceback is."""
    return Table(
        title="Trials that did not complete",
        columns=(
            Column(name="trial", key=True),
            Column(name="point", wrap=True),
            Column(name="replicate", justify="right"),
            Column(name="state", tones={"failed": "bad", "timed_out": "bad", "diverged": "caution"}),
            Column(name="error", wrap=True),
            Column(name="traceback", group=1),
        ),
        rows=tuple(
            (f.id, names.of(f.levels), str(f.replicate), f.state, f.error or ABSENT, f.traceback or ABSENT)
            for f in summary.failures
        ),
        notes=(
            "A diverged trial is a result, and is scored; a failed one is trained again on the next run. "
            "One that timed out is neither: it counts nowhere, and `--retry timed_out` trains it again.",
        ),
    )


def failure_rows(summary: Summary) -> list[Row]:
    """One row for each trial that did not complete."""
    return [
        {"trial": f.id}
        | levels(f.levels, _COLUMNS)
        | {"replicate": f.replicate, "state": f.state, "error": f.error, "traceback": f.traceback}
        for f in summary.failures
    ]


_COLUMNS = ("trial", "replicate", "state", "error", "traceback")

FAILURES = TableKind(
    about="the trials that did not complete, and why",
    items=lambda results: (
        [failures_table(results.summary, point_names(results.summary))] if results.summary.failures else []
    ),
    rows=lambda results: failure_rows(results.summary),
    data=lambda results: {"failures": results.summary.failures},
    present=lambda summary: bool(summary.failures),
    columns=_COLUMNS,
    estimates=False,
)
