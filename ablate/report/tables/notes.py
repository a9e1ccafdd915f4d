"""The notes of a study: its scope, and what a reader of its numbers must know."""

from ablate.analysis.summary import Summary
from ablate.report.tables.kind import TableKind
from ablate.report.text.table import Block

NOTES = TableKind(
    about="what a reader of the numbers must know",
    items=lambda results: [_block(results.summary)] if results.summary.notes else [],
    rows=lambda results: [
        {"note": note, "qualifies": note in results.summary.qualifiers} for note in results.summary.notes
    ],
    data=lambda results: {"notes": results.summary.notes, "qualifiers": results.summary.qualifiers},
    present=lambda summary: bool(summary.notes),
    columns=("note", "qualifies"),
    estimates=False,
)


def _block(summary: Summary) -> Block:
    return Block(title="Notes", lines=tuple(("", note) for note in summary.notes))
