"""The table of lesions: modules put out of action in the trained network, next to training without them."""

from collections.abc import Sequence

from ablate.analysis.summary import INTERVAL_FROM, Lesion, Paired, Summary
from ablate.plan.lesions import KINDS
from ablate.report.tables.columns.row import Row, paired
from ablate.report.tables.contrasts import difference, pair_digits
from ablate.report.tables.kind import TableKind
from ablate.report.text.basis import basis
from ablate.report.text.number import Digits, bounds, with_interval
from ablate.report.text.point_name import settings
from ablate.report.text.table import ABSENT, Column, Table


def lesions_table(summary: Summary) -> Table:
    """One row for each kind of lesion of each arm; there must be one."""
    lesions = summary.lesions
    sides = {
        "Δ lesioned": [lesion.paired for lesion in lesions],
        "Δ retrained": [lesion.retrained for lesion in lesions],
        "retrained − lesioned": [lesion.recovered for lesion in lesions],
    }
    digits = pair_digits([pair for pairs in sides.values() for pair in pairs if pair is not None])
    kinds = dict.fromkeys(lesion.kind for lesion in lesions)
    return Table.of(
        title=f"Lesions: {summary.response}",
        columns=[
            (Column(name="arm", key=True, wrap=True), [settings(lesion.levels) for lesion in lesions]),
            (Column(name="lesion", key=True), [lesion.kind for lesion in lesions]),
            (Column(name="n", justify="right"), [str(lesion.paired.n) for lesion in lesions]),
            *(
                (
                    Column(name=with_interval(name, [p.difference for p in pairs if p]), group=int(group > 0)),
                    _cells(pairs, digits.padded(bounds(p.difference for p in pairs if p))),
                )
                for group, (name, pairs) in enumerate(sides.items())
            ),
        ],
        caption=(
            "The modules that the arm leaves out are disabled in the trained full network, without training it again. "
            "Δ lesioned is the response then, minus that of the same network as it is, paired by replicate; "
            f"{summary.better} is better.",
        ),
        notes=(
            "Exploratory: no claim is made of lesions, so that they have intervals and no p.",
            *(f"{kind.capitalize()}: {KINDS[kind]}." for kind in kinds),
            *_retrained_notes(lesions),
            *_dropped(lesions),
        ),
        basis=basis(
            [lesion.paired.n for lesion in lesions], [p.difference for pairs in sides.values() for p in pairs if p]
        ),
    )


def lesion_rows(summary: Summary) -> list[Row]:
    """A row for each kind of lesion of each arm; columns are empty where the arm was not trained."""
    rows: list[Row] = []
    for lesion in summary.lesions:
        row: Row = {
            "arm": settings(lesion.levels),
            "lesion": lesion.kind,
            "response": summary.response,
            "n": lesion.paired.n,
            "mean": lesion.paired.mean_arm,
            "mean_full": lesion.paired.mean_reference,
        }
        for prefix, pair in _sides(lesion):
            row |= dict.fromkeys(paired(prefix, lesion.paired)) if pair is None else paired(prefix, pair)
        rows.append(row)
    return rows


def _sides(lesion: Lesion) -> tuple[tuple[str, Paired | None], ...]:
    return ("difference", lesion.paired), ("retrained", lesion.retrained), ("recovered", lesion.recovered)


def _cells(pairs: Sequence[Paired | None], digits: Digits) -> list[str]:
    return [ABSENT if pair is None else difference(pair, digits) for pair in pairs]


def _retrained_notes(lesions: Sequence[Lesion]) -> tuple[str, ...]:
    if not any(lesion.retrained for lesion in lesions):
        return ()
    return (
        "Retrained: the arm, which was trained without the modules, minus the full network. Retrained − lesioned is "
        "what that training gains over the lesion.",
    )


def _dropped(lesions: Sequence[Lesion]) -> list[str]:
    notes = [
        f"{settings(lesion.levels)}, {lesion.kind}: {lesion.paired.dropped} of "
        f"{lesion.paired.n + lesion.paired.dropped} replicates left out: they have no such lesion."
        for lesion in lesions
        if lesion.paired.dropped
    ]
    if any(lesion.paired.identical for lesion in lesions):
        notes.append("Where all differences are equal, there is no interval.")
    if any(lesion.paired.n < INTERVAL_FROM for lesion in lesions):
        notes.append("Where n is 1 or 2 the differences themselves are shown, not means.")
    return notes


LESIONS = TableKind(
    about="modules put out of action in the trained network, next to training without them",
    items=lambda results: [lesions_table(results.summary)] if results.summary.lesions else [],
    rows=lambda results: lesion_rows(results.summary),
    data=lambda results: {"lesions": results.summary.lesions},
    present=lambda summary: bool(summary.lesions),
    columns=("arm", "lesion", "response", "n", "mean", "mean_full"),
)
