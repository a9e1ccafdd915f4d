"""The tables of contrasts: each level against the reference, with every number of the paired comparison."""

from collections.abc import Sequence

from ablate.analysis.summary import INTERVAL_FROM, TEST_FROM, Contrast, Paired, SignFlip, Summary
from ablate.report.tables.columns.contrast_notes import aliased, contrast_notes
from ablate.report.tables.columns.interaction_warning import misleading
from ablate.report.tables.columns.row import Row, paired
from ablate.report.tables.kind import TableKind
from ablate.report.text.basis import basis
from ablate.report.text.number import Digits, bounds, interval_name, probability, with_interval
from ablate.report.text.point_name import BASELINE, PointNames, point_names, settings
from ablate.report.text.quantity import compact
from ablate.report.text.table import ABSENT, Column, Table

_SHARE = Digits(decimals=2)
_CORRELATION = Digits(decimals=2, signed=True)
_KINDS = {
    "main effect": ("Main effects", "Each level against the reference, averaged over the other factors."),
    "simple": ("Simple effects", "Each level against the reference, with the other factors held."),
    "point": ("Points against their reference", "Each design point against one other."),
}


def contrast_tables(summary: Summary) -> tuple[Table, ...]:
    """One table for each kind of contrast, in the order in which the kinds first come."""
    names = point_names(summary)
    kinds = tuple(dict.fromkeys(c.kind for c in summary.contrasts))
    return tuple(_table(summary, names, kind, [c for c in summary.contrasts if c.kind == kind]) for kind in kinds)


def _row(contrast: Contrast, response: str) -> Row:
    """A contrast as a row: the levels that it compares, the levels that are held, the paired comparison."""
    return (
        {
            "contrast": contrast.name,
            "response": response,
            "kind": contrast.kind,
            "factor": ", ".join(contrast.levels),
            "level": ", ".join(contrast.levels.values()),
            "reference": ", ".join(contrast.against.values()),
            "held": settings(contrast.held),
            "n": contrast.paired.n,
            "mean": contrast.paired.mean_arm,
            "mean_reference": contrast.paired.mean_reference,
        }
        | paired("difference", contrast.paired)
        | {"diverged": contrast.diverged_arm, "diverged_reference": contrast.diverged_reference}
        | {"shared_parameters": contrast.shared_parameters, "equal_parameters": contrast.equal_parameters}
        | {"q": contrast.q if contrast.paired.n >= TEST_FROM else None, "aliases": contrast.aliases}
    )


def contrast_rows(contrasts: Sequence[Contrast], response: str) -> list[Row]:
    """A row for each contrast; with columns on the survivors where a trial diverged."""
    rows = [_row(contrast, response) for contrast in contrasts]
    survivors = [paired("survivors", c.survivors) if c.survivors else None for c in contrasts]
    blank = dict.fromkeys(next((found for found in survivors if found), ()))
    return [row | (found or blank) for row, found in zip(rows, survivors, strict=True)]


def _table(summary: Summary, names: PointNames, kind: str, contrasts: Sequence[Contrast]) -> Table:
    pairs = [c.paired for c in contrasts]
    deltas = [p.difference for p in pairs]
    moves = [x for p in pairs for x in p.differences]
    responses = [x for p in pairs for x in (*p.arm, *p.reference)]
    digits = Digits.fitting(moves if interval_name(deltas) else responses, deltas)
    change = digits.as_difference()
    aligned = change.padded(bounds(deltas))
    most = max(p.n for p in pairs)
    flips = [p.sign_flip if p.n >= TEST_FROM else None for p in pairs]
    floors = {p.n: flip.floor for p, flip in zip(pairs, flips, strict=True) if flip}
    explored = [probability(c.q if c.paired.n >= TEST_FROM else None) for c in contrasts]
    places = [names.of(c.held) for c in contrasts]
    placed = kind == "simple" and set(places) != {names.origin}
    labels = [f"{c.name} at {place}" if placed else c.name for c, place in zip(contrasts, places, strict=True)]

    columns: list[tuple[Column, list[str]]] = [
        (Column(name="contrast", key=True, wrap=True), [c.name for c in contrasts]),
        (Column(name="at", key=True, wrap=True), places if placed else []),
        (Column(name="n", justify="right"), [str(p.n) for p in pairs]),
        (Column(name=with_interval("Δ", deltas)), [difference(p, aligned) for p in pairs]),
        (
            Column(name="p, paired\u00a0t", justify="right"),
            [probability(p.p if p.n >= TEST_FROM else None) for p in pairs],
        ),
        (
            Column(name="p, sign-flip", justify="right"),
            [probability(flip.p if flip else None) for flip in flips],
        ),
        (Column(name="q, exploratory", justify="right"), explored),
        (
            Column(name="wins/ties/losses", justify="right", group=int(any(cell != ABSENT for cell in explored))),
            [f"{p.wins}/{p.ties}/{p.losses}" for p in pairs],
        ),
        (
            Column(name="mean" if most >= INTERVAL_FROM else "arm", justify="right", group=1),
            [_side(p.arm, p.mean_arm, digits) for p in pairs],
        ),
        (
            Column(name="reference mean" if most >= INTERVAL_FROM else "reference", justify="right", group=1),
            [_side(p.reference, p.mean_reference, digits) for p in pairs],
        ),
        (Column(name="start equal", justify="right", group=1), [starts_equal(c) for c in contrasts]),
        (Column(name="SD of differences", justify="right", group=1), [digits.number(p.sd) for p in pairs]),
        (
            Column(name="correlation of\u00a0pairs", justify="right", group=1),
            [_CORRELATION.number(p.correlation) for p in pairs],
        ),
        (
            Column(name=with_interval("P̂(better)", [p.superiority.interval for p in pairs]), group=2),
            [_SHARE.interval(p.superiority.interval) for p in pairs],
        ),
        (
            Column(name="detectable at\u00a080% power", justify="right", group=2),
            [digits.number(p.detectable) for p in pairs],
        ),
    ]
    title, compared = _KINDS.get(kind, (f"Contrasts ({kind})", "Each arm against its reference."))
    if all(len(p.levels) == 1 for p in summary.points):
        title, compared = "Contrasts", "Each level against the reference."
    elif kind == "simple" and not placed:
        where = f"as in {'the ' if names.origin == BASELINE else ''}{names.origin}"
        compared = f"Each level against the reference, with the other factors {where}."
    return Table.of(
        title=f"{title}: {summary.response}",
        columns=columns,
        caption=(f"{compared} Δ is arm − reference, paired by replicate; {summary.better} is better.",),
        notes=(
            *_notes(pairs, flips, floors),
            *((STARTS_NOTE,) if any(c.shared_parameters is not None for c in contrasts) else ()),
            *_exploratory(explored),
            *aliased(contrasts),
            *(line for c, label in zip(contrasts, labels, strict=True) for line in contrast_notes(c, label, change)),
            *(misleading(summary) if kind == "main effect" else ()),
        ),
        basis=basis(
            [p.n for p in pairs], deltas, ["paired t test" * (most >= TEST_FROM), "sign-flip test" * any(flips)]
        ),
    )


STARTS_NOTE = (
    "Start equal: parameters with equal values in both arms before training, of those with the same name and shape in "
    "both; the fewest, where several pairs of design points are compared."
)


def starts_equal(contrast: Contrast) -> str:
    """How many parameters start equal in both arms, of those that both have."""
    if contrast.shared_parameters is None:
        return ABSENT
    return f"{compact(contrast.equal_parameters)} of {compact(contrast.shared_parameters)}"


def difference(paired: Paired, digits: Digits) -> str:
    """Δ with its interval, or the differences themselves where there are one or two."""
    if paired.n < INTERVAL_FROM:
        return digits.several(paired.differences) or ABSENT
    return digits.interval(paired.difference)


def difference_digits(contrasts: Sequence[Contrast]) -> Digits:
    """The digits of a column of differences."""
    deltas = [c.paired.difference for c in contrasts]
    moves = [x for c in contrasts for x in c.paired.differences]
    return Digits.fitting(moves, deltas if interval_name(deltas) else ()).as_difference()


def _side(values: Sequence[float], mean: float | None, digits: Digits) -> str:
    return digits.number(mean) if len(values) >= INTERVAL_FROM else digits.several(values) or ABSENT


def _exploratory(cells: Sequence[str]) -> list[str]:
    if all(cell == ABSENT for cell in cells):
        return []
    return ["q: exploratory, Benjamini–Hochberg over all contrasts without a claim."]


def _notes(pairs: Sequence[Paired], flips: Sequence[SignFlip | None], floors: dict[int, float]) -> list[str]:
    notes: list[str] = []
    if floors:
        listed = ", ".join(f"{probability(floors[n])} at n = {n}" for n in sorted(floors))
        notes.append(f"The floor of the sign-flip p, the smallest that it can be: {listed}.")
    if any(flip and not flip.exact for flip in flips):
        notes.append("Above n = 16 the sign-flip p is from random sign flips, not from all of them.")
    if any(p.n < INTERVAL_FROM for p in pairs) and any(p.n >= INTERVAL_FROM for p in pairs):
        notes.append("Where n is 1 or 2 the values and differences themselves are shown, not means.")
    if any(p.superiority.interval for p in pairs):
        notes.append("P̂(better): wins among the pairs that are not ties.")
    if any(p.detectable is not None for p in pairs):
        notes.append("Detectable: the smallest true Δ that a two-sided 5% paired t finds with 80% power.")
    return notes


CONTRASTS = TableKind(
    about="each level against its reference, with every number of the paired comparison",
    items=lambda results: contrast_tables(results.summary),
    rows=lambda results: contrast_rows(results.summary.contrasts, results.summary.response),
    data=lambda results: {"contrasts": results.summary.contrasts},
    present=lambda summary: bool(summary.contrasts),
    columns=("contrast", "response", "kind", "factor", "level", "reference", "held", "n", "mean", "mean_reference"),
)
