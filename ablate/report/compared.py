"""Two studies side by side: what differs in configuration, in effects and in means."""

import re
from collections.abc import Sequence
from typing import TextIO

from ablate.analysis.compared.compare import Compared
from ablate.analysis.compared.difference import Difference
from ablate.analysis.compared.verdict_pair import Judged, VerdictPair
from ablate.analysis.summary import INTERVAL_FROM
from ablate.report.content import Content
from ablate.report.formats.registry import write
from ablate.report.tables.columns.row import Row, interval
from ablate.report.tables.verdicts import TONES, claim_name
from ablate.report.text.basis import basis
from ablate.report.text.number import Digits, bounds, with_interval
from ablate.report.text.point_name import settings
from ablate.report.text.quantity import counted
from ablate.report.text.table import ABSENT, Block, Column, Item, Table, Tone

MAX_LISTED = 6
"""Names that a line lists; JSON has all."""

COLUMNS = ("quantity", "kind", "held", "response", "n_a", "n_b", "a", "b", "difference", "method", "unpaired")

CHANGED = (
    "A verdict may change though the effect hardly does: one may be just inside its margin and the other just outside. "
    "B − A below has the change of each effect, with its interval."
)


def show_compared(
    compared: Compared,
    format: str = "table",
    stream: TextIO | None = None,
    width: int | None = None,
    *,
    ascii_only: bool = False,
) -> None:
    """Writes a comparison; default: to standard output.

    Raises:
        ConfigError: there is no such format.
    """
    content = Content(
        items=lambda: _items(compared),
        data=lambda: compared,
        rows=lambda: [_row(compared, one) for one in (*compared.effects, *compared.means)],
        columns=COLUMNS,
    )
    write(content, format, stream, width, ascii_only=ascii_only)


def _items(compared: Compared) -> Sequence[Item]:
    tables = [_changes(compared)]
    if compared.verdicts:
        tables.append(_verdicts(compared))
    if compared.effects:
        tables.append(_differences(compared, f"Effects: {compared.response}", compared.effects))
    if compared.means:
        tables.append(_differences(compared, f"Means of design points: {compared.response}", compared.means))
    return [*tables, *_rest(compared)]


def _changes(compared: Compared) -> Item:
    title = "What differs"
    sides = (f"A: {compared.a}.", f"B: {compared.b}.")
    if not compared.changes:
        return Block(title=title, lines=tuple(("", text) for text in (*sides, "Nothing differs in configuration.")))
    return Table.of(
        title=title,
        columns=[
            (Column(name="category", key=True), [change.category for change in compared.changes]),
            (Column(name="key", key=True, wrap=True), [change.key for change in compared.changes]),
            (Column(name="A", wrap=True), [_shown(change.a) for change in compared.changes]),
            (Column(name="B", wrap=True), [_shown(change.b) for change in compared.changes]),
        ],
        caption=sides,
    )


def _shown(value: str | None) -> str:
    """A value that may break over lines, and a commit in short, so that both sides fit beside each other."""
    if value is None:
        return ABSENT
    if re.fullmatch("[0-9a-f]{40}", value):
        return value[:12]
    return re.sub(r"(,|:(?=[\[{]))(?=\S)", r"\1 ", value) or "''"


def _verdicts(compared: Compared) -> Table:
    found = compared.verdicts
    judged = [one for pair in found for one in (pair.a, pair.b) if one is not None]
    tones: dict[str, Tone] = {one.heading: TONES[one.outcome] for one in judged if one.outcome in TONES}
    both = [pair for pair in found if pair.a and pair.b and pair.a.outcome and pair.b.outcome]
    changed = sum(pair.changed for pair in found)
    return Table.of(
        title="Verdicts",
        columns=[
            (Column(name="claim", key=True, wrap=True), [_claim(pair) for pair in found]),
            (Column(name="A", wrap=True, tones=tones), [_outcome(pair.a) for pair in found]),
            (Column(name="B", wrap=True, tones=tones), [_outcome(pair.b) for pair in found]),
            (Column(name="changed"), ["yes" if pair.changed else "no" if pair in both else ABSENT for pair in found]),
        ],
        caption=(f"{counted(len(both), 'claim')} with a verdict in both: {changed or 'none'} changed.",),
        notes=(CHANGED,) if changed and compared.effects else (),
    )


def _claim(pair: VerdictPair) -> str:
    """The claim in short, with its margin, or both where they differ."""
    margins = [one.margin for one in (pair.a, pair.b) if one is not None]
    is_one = len({*margins}) == 1
    return f"{claim_name(pair.claim)}, margin {margins[0] if is_one else f'{margins[0]} in A, {margins[1]} in B'}"


def _outcome(judged: Judged | None) -> str:
    return ABSENT if judged is None else judged.heading


def _differences(compared: Compared, title: str, found: Sequence[Difference]) -> Table:
    deltas = [one.difference for one in found]
    sides = [side for one in found for side in (one.a, one.b)]
    digits = Digits.fitting([side.value for side in sides if side], [side for side in sides if side])
    change = Digits.fitting([d.value for d in deltas if d], [d for d in deltas if d]).as_difference()
    aligned = change.padded(bounds(deltas))
    is_mean = not found[0].quantity.against
    shown = digits if is_mean else digits.as_difference()
    places = [settings(one.quantity.held) or ABSENT for one in found]
    return Table.of(
        title=title,
        columns=[
            (Column(name="design point" if is_mean else "contrast", key=True, wrap=True), [_name(o) for o in found]),
            (Column(name="at", key=True, wrap=True), places if len(set(places)) > 1 else [ABSENT] * len(found)),
            (Column(name="n"), [_count(one) for one in found]),
            (Column(name="A", justify="right"), [shown.number(one.a.value) if one.a else ABSENT for one in found]),
            (Column(name="B", justify="right"), [shown.number(one.b.value) if one.b else ABSENT for one in found]),
            (Column(name=with_interval("B − A", deltas)), [aligned.interval(delta) for delta in deltas]),
        ],
        caption=(f"{compared.better.capitalize()} is better.",) if is_mean else (EFFECTS.format(compared.better),),
        basis=basis([n for one in found for n in (one.n_a, one.n_b)], deltas),
    )


EFFECTS = "Each effect is arm − reference; {} is better."


def _name(one: Difference) -> str:
    return one.quantity.name


def _count(one: Difference) -> str:
    return f"{one.n_a} and {one.n_b}" if one.unpaired else counted(one.n_a, "pair")


def _notes(found: Sequence[Difference]) -> Sequence[str]:
    """How the differences were estimated, and where that is not the same for all."""
    notes: list[str] = []
    compared = [one for one in found if one.n_a and one.n_b]
    if any(not one.unpaired for one in compared):
        notes.append("Pairs: the same replicate of both, with the same seed and splits. Intervals are Student's t.")
    for why in dict.fromkeys(one.unpaired for one in found if one.unpaired):
        which = [_name(one) for one in found if one.unpaired == why]
        where = "" if len(which) == len(found) else f", of {_listed(which)}"
        notes.append(f"Not paired ({why}){where}: the interval is Welch's.")
    if dropped := max((one.dropped_a for one in compared), default=0):
        notes.append(f"Up to {counted(dropped, 'replicate')} of A have no partner in B, and do not count.")
    if dropped := max((one.dropped_b for one in compared), default=0):
        notes.append(f"Up to {counted(dropped, 'replicate')} of B have no partner in A, and do not count.")
    if same := [one for one in compared if not one.unpaired and one.equal == one.n_a]:
        which = "all" if len(same) == len(found) else _listed([_name(one) for one in same])
        notes.append(f"Equal in every pair, within the rounding of single precision: {which}.")
    if any(min(one.n_a, one.n_b) < INTERVAL_FROM for one in found):
        notes.append(f"There is no interval where a side has fewer than {INTERVAL_FROM} replicates.")
    return notes


def _rest(compared: Compared) -> Sequence[Item]:
    """What only one of the two has, and notes."""
    only = (
        ("A: responses", compared.responses_a),
        ("B: responses", compared.responses_b),
        ("A: estimates", compared.only_a),
        ("B: estimates", compared.only_b),
    )
    lines = tuple((label, _listed(names)) for label, names in only if names)
    found = (*compared.effects, *compared.means)
    notes = (*compared.notes, *((*_notes(found), EXPLORATORY) if found else ()))
    return [
        *([Block(title="Only one has", lines=lines)] if lines else []),
        *([Block(title="Notes", lines=tuple(("", note) for note in notes))] if notes else []),
    ]


def _listed(names: Sequence[str]) -> str:
    more = f"; and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return "; ".join(names[:MAX_LISTED]) + more


EXPLORATORY = (
    "No claim was stated of these differences, and their intervals are not corrected for their number: they are "
    "exploratory."
)


def _row(compared: Compared, one: Difference) -> Row:
    return {
        "quantity": one.quantity.name,
        "kind": one.quantity.kind,
        "held": settings(one.quantity.held),
        "response": compared.response,
        "n_a": one.n_a,
        "n_b": one.n_b,
        "a": one.a.value if one.a else None,
        "b": one.b.value if one.b else None,
        **interval("difference", one.difference),
        "method": "" if one.difference is None else one.difference.method,
        "unpaired": one.unpaired,
        "correlation": one.correlation,
        "equal": one.equal,
    }
