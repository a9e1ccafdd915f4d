"""The tables of contrasts: each level against the reference, with what it takes to judge the difference."""

from collections.abc import Sequence

from ablate.analyze.summary import Contrast, Paired, Summary
from ablate.report.number import (
    Digits,
    bounds,
    interval_name,
    probability,
    with_interval,
)
from ablate.report.point_name import settings
from ablate.report.table import ABSENT, Column, Table

P_FROM = 5
"""Pairs below which no p is printed."""
_SHARE = Digits(decimals=2)
_CORRELATION = Digits(decimals=2, signed=True)
_KINDS = {
    "main effect": ("Main effects", "Each level against the reference, averaged over the other factors."),
    "simple": ("Simple effects", "Each level against the reference, with the other factors held."),
    "point": ("Points against their reference", "Each design point against one other."),
}


def contrast_tables(summary: Summary) -> tuple[Table, ...]:
    """One table for each kind of contrast, in the order in which the kinds first come."""
    kinds = tuple(dict.fromkeys(c.kind for c in summary.contrasts))
    return tuple(_table(summary, kind, [c for c in summary.contrasts if c.kind == kind]) for kind in kinds)


def contrast_name(contrast: Contrast) -> str:
    """What is compared with what, such as `skip_span: one vs two`."""
    if len(contrast.levels) != 1:
        return f"{settings(contrast.levels)} vs {settings(contrast.against)}"
    ((factor, level),) = contrast.levels.items()
    return f"{factor}: {level} vs {contrast.against[factor]}"


def _table(summary: Summary, kind: str, contrasts: Sequence[Contrast]) -> Table:
    pairs = [c.paired for c in contrasts]
    deltas = [p.difference for p in pairs]
    arms = [x for p in pairs for x in (*p.arm, *p.reference)]
    moves = [x for p in pairs for x in p.differences]
    digits = Digits.fitting(moves if interval_name(deltas) else arms, deltas)
    change = digits.as_difference()
    aligned = change.padded([*bounds(deltas), *moves])
    held = any(c.held for c in contrasts)
    floors = {p.sign_flip.floor for p in pairs if p.n >= P_FROM and p.sign_flip is not None}
    title, compared = _KINDS.get(kind, (f"Contrasts ({kind})", "Each arm against its reference."))
    if all(len(p.levels) == 1 for p in summary.points):
        compared = "Each level against the reference."

    columns = [
        Column(name="contrast", key=True, wrap=True),
        *([Column(name="at", key=True, wrap=True)] if held else []),
        Column(name="n", justify="right"),
        Column(name=with_interval("Δ", deltas)),
        Column(name="p, paired\u00a0t", justify="right"),
        Column(name="p, sign-flip", justify="right"),
        *([Column(name="its floor", justify="right")] if len(floors) > 1 else []),
        Column(name="wins/ties/losses", justify="right"),
        Column(name="mean", justify="right", group=1),
        Column(name="reference mean", justify="right", group=1),
        Column(name="SD of differences", justify="right", group=1),
        Column(name="correlation of\u00a0pairs", justify="right", group=1),
        Column(name=with_interval("P̂(better)", [p.superiority.interval for p in pairs]), group=2),
        Column(name="detectable at\u00a080% power", justify="right", group=2),
    ]
    rows = [
        (
            contrast_name(c),
            *([settings(c.held)] if held else []),
            str(p.n),
            _difference(p, aligned),
            probability(p.p) if p.n >= P_FROM else ABSENT,
            probability(p.sign_flip.p) if p.n >= P_FROM and p.sign_flip else ABSENT,
            *([_floor(p)] if len(floors) > 1 else []),
            f"{p.wins}/{p.ties}/{p.losses}",
            digits.number(p.mean_arm),
            digits.number(p.mean_reference),
            digits.number(p.sd),
            _CORRELATION.number(p.correlation),
            _SHARE.interval(p.superiority.interval),
            digits.number(p.detectable),
        )
        for c, p in zip(contrasts, pairs, strict=True)
    ]
    return Table(
        title=f"{title}: {summary.response}",
        columns=tuple(columns),
        rows=tuple(rows),
        caption=(f"{compared} Δ is arm − reference, paired by replicate; {summary.better} is better.",),
        notes=(
            *_notes(pairs, floors),
            *(line for c in contrasts for line in _remarks(c, change)),
            f"Scope: {summary.scope}",
        ),
    ).without_empty()


def _difference(paired: Paired, digits: Digits) -> str:
    if paired.n <= 2:
        return digits.several(paired.differences) or ABSENT
    return digits.interval(paired.difference)


def _floor(paired: Paired) -> str:
    return probability(paired.sign_flip.floor) if paired.n >= P_FROM and paired.sign_flip else ABSENT


def _notes(pairs: Sequence[Paired], floors: set[float]) -> tuple[str, ...]:
    notes: list[str] = []
    if len(floors) == 1:
        notes.append(f"The smallest sign-flip p that this n allows is {probability(*floors)} (its floor).")
    if any(p.sign_flip and not p.sign_flip.exact for p in pairs):
        notes.append("Above n = 16 the sign-flip p is from random sign flips, not from all of them.")
    if any(p.n < P_FROM for p in pairs):
        notes.append(f"Below n = {P_FROM} there is no p and no detectable effect.")
    if any(p.n <= 2 for p in pairs) and any(p.n > 2 for p in pairs):
        notes.append("Where n is 1 or 2 the differences themselves stand in the place of their mean.")
    if any(p.superiority.interval for p in pairs):
        notes.append("P̂(better): wins among the pairs that are not ties.")
    if any(p.detectable is not None for p in pairs):
        notes.append("Detectable: the smallest true Δ that a two-sided 5% paired t finds with 80% power.")
    return tuple(notes)


def _remarks(contrast: Contrast, digits: Digits) -> tuple[str, ...]:
    """What is particular to one contrast, each line opening with its name."""
    paired = contrast.paired
    lines: list[str] = []
    if paired.dropped:
        planned = paired.n + paired.dropped
        lines.append(f"{paired.dropped} of {planned} replicates left out: a partner is missing.")
    if paired.identical:
        lines.append(f"all {paired.n} differences are equal: no interval, no p.")
    if 2 < paired.n < P_FROM:
        lines.append(f"differences by replicate: {_by_replicate(paired, digits)}.")
    if paired.welch:
        lines.append(f"pairs correlate negatively; as independent groups, Δ {digits.named(paired.welch)}.")
    if contrast.diverged_arm or contrast.diverged_reference:
        counts = f"{contrast.diverged_arm} of the arm, {contrast.diverged_reference} of the reference"
        lines.append(f"diverged trials: {counts}.")
    if contrast.survivors:
        lines.append(f"survivors only: {_survivors(contrast.survivors)}.")
    at = f" at {settings(contrast.held)}" if contrast.held else ""
    return tuple(f"{contrast_name(contrast)}{at}: {line}" for line in lines)


def _by_replicate(paired: Paired, digits: Digits) -> str:
    pairs = zip(paired.replicates, paired.differences, strict=True)
    return ", ".join(f"{replicate}: {digits.number(d)}" for replicate, d in pairs)


def _survivors(paired: Paired) -> str:
    """Like the row, without the replicates in which an arm diverged; with the digits of what is left."""
    digits = Digits.fitting(paired.differences, [paired.difference]).as_difference()
    said = [f"n = {paired.n}"]
    if paired.n <= 2:
        said += [f"differences {digits.several(paired.differences)}"] if paired.n else []
    elif paired.difference:
        said += [f"Δ {digits.named(paired.difference)}"]
    if paired.n >= P_FROM and paired.p is not None:
        said += [f"paired t p {probability(paired.p)}"]
    if paired.n >= P_FROM and paired.sign_flip:
        flip = paired.sign_flip
        said += [f"sign-flip p {probability(flip.p)} (floor {probability(flip.floor)})"]
    said += [f"{paired.wins} wins, {paired.ties} ties, {paired.losses} losses"]
    return ", ".join(said)
