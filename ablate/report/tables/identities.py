"""The identities of a study: what is found, what is expected, and what people say of it."""

from ablate.analysis.claims.exactness import number, saying, small
from ablate.analysis.summary import Exactness, Summary
from ablate.report.tables.columns.row import Row
from ablate.report.tables.kind import TableKind
from ablate.report.text.table import ABSENT, Column, Table, Tone

TONES: dict[str, Tone] = {"holds": "good", "fails": "bad"}


def identities_table(summary: Summary) -> Table:
    """One row for each identity, in the study's order; columns on what people say where they say something."""
    found = summary.identities
    return Table.of(
        title="Identities",
        columns=[
            (Column(name="identity", key=True, wrap=True), [e.identity.statement for e in found]),
            (Column(name="found", justify="right"), [_found(e) for e in found]),
            (Column(name="expected", justify="right"), [number(e.identity.expected) for e in found]),
            (Column(name="|difference|", justify="right"), [_small(e.difference) for e in found]),
            (Column(name="tolerance", justify="right"), [_small(e.identity.tolerance) for e in found]),
            (Column(name="outcome", tones=TONES), [_outcome(e) for e in found]),
        ],
        caption=("Asserted to a tolerance, not estimated: no seeds, no p.",),
        notes=tuple(_said(e) for e in found if e.true_as_said is not None),
    )


def identity_lines(summary: Summary) -> tuple[tuple[str, str], ...]:
    """Each identity in a line, under whether it holds."""
    return tuple((_outcome(e), e.line) for e in summary.identities)


def identities_count(summary: Summary) -> str:
    """How many of them hold."""
    held = sum(e.holds for e in summary.identities)
    failed = len(summary.identities) - held
    fails = f", {failed} {'fails' if failed == 1 else 'fail'}" if failed else ""
    return f"{held} {'holds' if held == 1 else 'hold'}{fails}"


def _outcome(exact: Exactness) -> str:
    return "holds" if exact.holds else "fails"


def _found(exact: Exactness) -> str:
    if exact.identity.found is None or exact.difference is None:
        return ABSENT
    # A number that should be 0 is its own difference, of which the size matters only.
    return small(exact.identity.found) if not exact.identity.expected else number(exact.identity.found)


def _small(value: float | None) -> str:
    return ABSENT if value is None else small(value)


def _said(exact: Exactness) -> str:
    truth = str(exact.true_as_said).lower()
    return f"{exact.identity.statement}: {saying(exact.identity)} is said; that is {truth} as said."


def identity_row(exact: Exactness) -> Row:
    """An identity for programs."""
    identity = exact.identity
    return {
        "identity": identity.statement,
        "found": identity.found,
        "expected": identity.expected,
        "difference": exact.difference,
        "tolerance": identity.tolerance,
        "holds": exact.holds,
        "said": identity.said,
        "saying": identity.saying,
        "true_as_said": exact.true_as_said,
        "line": exact.line,
    }


IDENTITIES = TableKind(
    about="what is exactly so, to a tolerance",
    items=lambda results: [identities_table(results.summary)] if results.summary.identities else [],
    rows=lambda results: [identity_row(exact) for exact in results.summary.identities],
    data=lambda results: {"identities": results.summary.identities},
    present=lambda summary: bool(summary.identities),
    columns=("identity", "found", "expected", "difference", "tolerance", "holds"),
    estimates=False,
)
