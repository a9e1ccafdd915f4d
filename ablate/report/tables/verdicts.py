"""The verdicts: a line for each claim, and the table of its evidence."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from ablate.analysis.claims.claim import sides, where
from ablate.analysis.summary import BAYES, TEST_FROM, Evidence, Needed, Qualifier, Summary, Verdict
from ablate.config.spec import Claim, Expectation
from ablate.report.tables.columns.interaction_warning import misleading
from ablate.report.tables.columns.row import Row, interval
from ablate.report.tables.identities import identity_lines
from ablate.report.tables.interactions import ERROR_TERM
from ablate.report.tables.kind import TableKind
from ablate.report.text.basis import basis
from ablate.report.text.number import MINUS, Digits, bounds, interval_name, probability, with_interval
from ablate.report.text.quantity import counted
from ablate.report.text.table import ABSENT, Block, Column, Item, Table, Tone

TONES: dict[str | None, Tone] = {"supported": "good", "contradicted": "bad", "inconclusive": "caution"}
MANY = ">1000"
NEEDED = (
    "Needed: the replicates that would probably (80%) decide it, for the ends of the 80% interval of Δ; ∅ where the "
    "truth may lie on the margin, where no number does. Added to this study without `looks` they raise α; a new study "
    "on another seed with looks keeps it."
)
LATER = "Exploratory: given after the first trial"
NO_CLAIM = "No claim was stated before the trials: all contrasts are exploratory."
EXPLORATORY = (
    "These claims may have been stated with knowledge of the trials: a verdict on them is a suggestion, not evidence. "
    "Each is judged by itself, outside the family of stated claims; p is one-sided and adjusted for nothing."
)
_PHRASES: dict[Expectation, str] = {
    "greater": "greater than",
    "less": "less than",
    "equivalent": "equivalent to",
    "no_worse": "no worse than",
    "value": "within the margin of",
}


def verdict_items(summary: Summary) -> tuple[Item, ...]:
    """The verdicts, then their evidence; one line where no claim was stated, nothing where nothing is compared.

    Identities have their lines among the verdicts; verdicts on claims that were given later stand apart, below.
    """
    exact = identity_lines(summary)
    items: list[Item] = []
    if summary.verdicts:
        items += [
            _block("Verdicts", summary.verdicts, exact),
            _evidence(summary, summary.verdicts, f"Evidence: {summary.response}"),
        ]
    elif summary.contrasts or exact:
        items.append(Block(title="Verdicts", lines=(*([("", NO_CLAIM)] if summary.contrasts else []), *exact)))
    if summary.later:
        items += [
            _block(LATER, summary.later),
            _evidence(summary, summary.later, f"Exploratory evidence: {summary.response}"),
        ]
    return tuple(items)


def _block(title: str, verdicts: Sequence[Verdict], exact: Sequence[tuple[str, str]] = ()) -> Block:
    return Block(title=title, lines=(*(line for v in verdicts for line in _lines(v)), *exact))


def claim_name(claim: Claim) -> str:
    """A claim in short: `head: gap no worse than fc at layers=10`."""
    arm, reference = sides(claim)
    subject = "" if claim.value is not None else f"{claim.subject}: "
    return f"{subject}{arm} {_PHRASES[claim.expect]} {reference}{where(claim)}"


def _lines(verdict: Verdict) -> Iterator[tuple[str, str]]:
    yield verdict.claim.subject, verdict.line
    if verdict.why is not None:
        yield "", verdict.why.line


def _evidence(summary: Summary, verdicts: tuple[Verdict, ...], title: str) -> Table:
    names = [claim_name(v.claim) for v in verdicts]
    intervals = [v.interval for v in verdicts]
    # α is each claim's own, and what Holm leaves of it: where levels differ, the heading cannot name the intervals.
    same = len({i.level for i in intervals if i is not None and i.low is not None}) <= 1
    digits = Digits.fitting([i.value for i in intervals if i], intervals).as_difference()
    aligned = digits.padded(bounds(intervals))
    deltas = [
        ABSENT if i is None else aligned.interval(i) if same or not interval_name([i]) else aligned.named(i)
        for i in intervals
    ]
    family = 0 if verdicts is summary.later else max(v.family for v in verdicts)
    tested = [v.n >= TEST_FROM for v in verdicts]
    columns: list[tuple[Column, list[str]]] = [
        (Column(name="claim", key=True, wrap=True), names),
        (Column(name="outcome", wrap=True, tones=tones(verdicts)), [v.heading for v in verdicts]),
        (Column(name=with_interval("Δ", intervals) if same else "Δ [interval]"), deltas),
        (Column(name="margin", justify="right"), [v.claim.margin_text for v in verdicts]),
        (Column(name="means", group=1), [means(v) for v in verdicts]),
        (Column(name="n", justify="right", group=1), [str(v.n) for v in verdicts]),
        (
            Column(name="p, one-sided", justify="right", group=1),
            [probability(v.p if t else None) for v, t in zip(verdicts, tested, strict=True)],
        ),
        *[
            (
                Column(
                    name=f"p, Holm over {counted(family, 'claim').replace(' ', chr(0xA0))}", justify="right", group=1
                ),
                [probability(v.p_holm if t else None) for v, t in zip(verdicts, tested, strict=True)],
            )
        ]
        * (family > 0),
        (Column(name="needed", justify="right", group=1), [needed(v.needed) for v in verdicts]),
        (Column(name="qualifiers", wrap=True, group=1), [qualifier_names(v) for v in verdicts]),
    ]
    return Table.of(
        title=title,
        columns=columns,
        caption=(
            "Δ is the claim's first level − its second, paired by replicate, with the interval at level 1 − 2α"
            f"{', of what Holm leaves of α' * (family > 1)}; {summary.better} is better.",
        ),
        notes=(
            *([ERROR_TERM] if interval_name(intervals) else []),
            *_notes(verdicts, family),
            *_unit_notes(verdicts, summary),
            *resampled_lines(verdicts),
            *misleading(summary),
            *qualifier_lines(verdicts),
            *(f"{name}: {note}" for name, v in zip(names, verdicts, strict=True) for note in v.remarks),
        ),
        basis=basis(
            [v.n for v in verdicts],
            intervals,
            ["one-sided test" * any(tested), f"Holm over {counted(family, 'claim')}" * (any(tested) and family > 1)],
        ),
    )


def means(verdict: Verdict) -> str:
    """The mean of each side, to the digits of numbers that have no interval: `0.5121, 0.873`."""
    found = [
        f"{value:.4g}".replace("-", MINUS) for value in (verdict.mean_arm, verdict.mean_reference) if value is not None
    ]
    return ", ".join(found) or ABSENT


def tones(verdicts: Sequence[Verdict]) -> dict[str, Tone]:
    """The tone of each heading."""
    return {v.heading: TONES[v.outcome] for v in verdicts if v.outcome in TONES}


def qualifier_names(verdict: Verdict) -> str:
    """What qualifies a verdict, in a word or two each."""
    return "; ".join(q.name for q in verdict.qualifiers) or ABSENT


def qualifier_lines(verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """What the qualifiers of some verdicts say, each once, with the claims that it is on where it is not on all."""
    found: dict[tuple[str, str], tuple[Qualifier, list[str]]] = {}
    for verdict in verdicts:
        for qualifier in verdict.qualifiers:
            _, on = found.setdefault((qualifier.name, qualifier.text), (qualifier, []))
            on.append(claim_name(verdict.claim))
    return tuple(
        qualifier.sentence("" if len(on) == len(verdicts) else ", ".join(on)) for qualifier, on in found.values()
    )


def resampled_lines(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """The intervals where splits overlap, a line a claim, and what they are."""
    found = [(claim_name(v.claim), v.outcome, v.resampled) for v in verdicts if v.resampled is not None]
    if not found:
        return
    yield (
        "Resampled: the replicates' splits overlap, so that Δ [interval] is that of this pool of examples. Of the "
        "population that it is a sample of, the interval is wider (Nadeau and Bengio, 2003):"
    )
    for name, outcome, resampled in found:
        digits = Digits.fitting([resampled.interval.value], [resampled.interval]).as_difference()
        other = "" if resampled.outcome in (None, outcome) else f": {resampled.outcome}"
        yield f"{name}: {digits.interval(resampled.interval)}{other}"


def needed(wanted: Needed | None) -> str:
    """The replicates that would probably decide a claim: `12–40`; ∅ where the truth may lie on the margin."""
    if wanted is None:
        return ABSENT
    if wanted.on_margin:
        return "∅"
    low, high = (MANY if end is None else str(end) for end in (wanted.low, wanted.high))
    return low if low == high else f"{low}–{high}"


def _notes(verdicts: tuple[Verdict, ...], family: int) -> list[str]:
    notes: list[str] = []
    if not family:
        notes.append(EXPLORATORY)
    elif any(v.p is not None and v.n >= TEST_FROM for v in verdicts):
        notes.append(
            "p: one-sided, of the null that the claim denies, near 1 where the claim is contradicted. The family is "
            f"the {counted(family, 'stated claim')}; an outcome rests on p after Holm."
        )
    if any(v.outcome == "contradicted" for v in verdicts):
        notes.append("The p of what contradicts a claim is in JSON and CSV.")
    if any(v.strong for v in verdicts):
        notes.append("Strong: by more than the margin.")
    if any(v.needed is not None for v in verdicts):
        notes.append(NEEDED)
    return notes


def _unit_notes(verdicts: Sequence[Verdict], summary: Summary) -> Iterator[str]:
    """What the numbers of claims are that are not differences of two arms in the response's units."""
    if any(v.claim.interaction for v in verdicts):
        yield (
            "Of an interaction, Δ is a difference of differences: the first factor's difference at the second's first "
            "level − that at its second level. Its means are these two differences."
        )
    if any(v.claim.across for v in verdicts):
        yield (
            "Across data sets, n counts data sets, and Δ is the mean of their mean differences, with the interval over "
            "data sets: see --table data_sets."
        )
    if any(v.claim.value is not None for v in verdicts):
        yield "Of a design point, Δ is its mean − the stated value."
    for scale in dict.fromkeys(v.claim.scale for v in verdicts if v.claim.scale != "identity"):
        of = "differences of means of the {0} of {1}; the means are in the units of {1}"
        yield f"Margins in {scale}: Δ and the interval are {of.format(scale, summary.response)}."
    if any(v.share for v in verdicts):
        yield "A margin in % is a share of the baseline's mean, whose own error counts (Fieller): see the line."
    known = dict.fromkeys(f"{v.trivial:.4g}".replace("-", MINUS) for v in verdicts if v.trivial is not None)
    if known:
        yield f"The trivial predictor scores {', '.join(known)}."
    for name in dict.fromkeys(name for v in verdicts for name in v.simple):
        scores = dict.fromkeys(f"{v.simple[name]:.4g}".replace("-", MINUS) for v in verdicts if name in v.simple)
        yield f"On the same splits, {name} scores {', '.join(scores)}."


def verdict_rows(summary: Summary) -> list[Row]:
    """One row for each claim: those that were stated, then those that were given when there were trials already."""
    return [_row(verdict, summary.response) for verdict in (*summary.verdicts, *summary.later)]


def _row(verdict: Verdict, response: str) -> Row:
    claim, why = verdict.claim, verdict.why
    named = why if why and why.separates else None
    arm, reference = sides(claim)
    return (
        {
            "claim": claim_name(claim),
            "response": response,
            "factor": claim.subject,
            "level": arm,
            "reference": reference,
            "at": claim.place,
            "across": claim.across,
            "expect": claim.expect,
            "margin": claim.margin,
            "margin_relative": claim.relative,
            "scale": claim.scale,
            "alpha": claim.alpha,
            "after": claim.after,
            "outcome": verdict.outcome,
            "strong": verdict.strong,
            "n": verdict.n,
        }
        | interval("difference", verdict.interval)
        | {"difference_sd": verdict.sd, "family": None if claim.after else verdict.family}
        | _evidence_cells("p", verdict.evidence if verdict.n >= TEST_FROM else None)
        | _evidence_cells("p_holm", verdict.adjusted if verdict.n >= TEST_FROM else None)
        | {
            "outcome_alone": verdict.alone,
            "outcome_survivors": verdict.survivors,
            "failure_sensitive": verdict.failure_sensitive,
            "qualifiers": "; ".join(q.name for q in verdict.qualifiers),
        }
        | qualifying(verdict)
        | {
            "needed": None if verdict.needed is None else verdict.needed.low,
            "needed_high": None if verdict.needed is None else verdict.needed.high,
            "extended_false_support": None if verdict.extended is None else verdict.extended.false_support,
            "extended_false_contradiction": None if verdict.extended is None else verdict.extended.false_contradiction,
            "look": verdict.look,
            "notes": " ".join(verdict.remarks),
            "line": verdict.line,
            "why": why.line if why else None,
            "why_separates": why.separates if why else None,
            "why_diagnostic": f"{named.diagnostic}.{named.moment}" if named else None,
            "why_arm": named.arm if named else None,
            "why_reference": named.reference if named else None,
            "why_separation": named.separation if named else None,
            "why_floored": named.floored if named else None,
        }
    )


QUALIFYING = (
    *("mean_arm", "mean_reference", "trivial", "simple", "simple_predictor", "bayes"),
    *(f"averaged_{name}" for name in ("settings", "lowest", "highest", "cells", "at_floor", "at_ceiling")),
    "unseen_collapse",
    *(f"share_of_baseline{end}" for end in ("", "_low", "_high", "_level")),
    *("across_between", "across_signed_rank_p", "across_marginal", "across_marginal_low", "across_marginal_high"),
    "across_marginal_level",
    *(f"resampled{end}" for end in ("", "_low", "_high", "_level", "_outcome", "_test_share")),
)
"""The columns of `qualifying`."""


def qualifying(verdict: Verdict) -> Row:
    """The numbers that qualify a verdict."""
    averaged, share, resampled = verdict.averaged, verdict.share, verdict.resampled
    best = [name for name in verdict.simple if name.startswith(BAYES)]
    simple = [name for name in verdict.simple if name not in best]
    across = verdict.across
    lowest, highest = (averaged.lowest, averaged.highest) if averaged else (None, None)
    cells: Row = {
        "mean_arm": verdict.mean_arm,
        "mean_reference": verdict.mean_reference,
        "trivial": verdict.trivial,
        "simple": verdict.simple[simple[0]] if simple else None,
        "simple_predictor": simple[0] if simple else None,
        "bayes": verdict.simple[best[0]] if best else None,
        "averaged_settings": averaged.settings if averaged else None,
        "averaged_lowest": lowest.value if lowest else None,
        "averaged_highest": highest.value if highest else None,
        "averaged_cells": averaged.cells if averaged else None,
        "averaged_at_floor": averaged.at_floor if averaged else None,
        "averaged_at_ceiling": averaged.at_ceiling if averaged else None,
        "unseen_collapse": verdict.unseen_collapse,
    }
    return (
        cells
        | interval("share_of_baseline", share.interval if share else None)
        | interval("resampled", resampled.interval if resampled else None)
        | interval("across_marginal", across.marginal if across else None)
        | {
            "across_between": across.between if across else None,
            "across_signed_rank_p": across.signed_rank.p if across and across.signed_rank else None,
            "resampled_outcome": resampled.outcome if resampled else None,
            "resampled_test_share": resampled.test_share if resampled else None,
        }
    )


def _evidence_cells(prefix: str, evidence: Evidence | None) -> Row:
    """The p of all that can be found; that of the claim itself is the one of `supported`."""
    found = asdict(evidence) if evidence else {}
    return {f"{prefix}_{name}": found.get(name) for name in ("supported", "contradicted", "equivalent", "strong")}


VERDICTS = TableKind(
    about="the verdict on each claim, and its evidence",
    items=lambda results: verdict_items(results.summary),
    rows=lambda results: verdict_rows(results.summary),
    data=lambda results: {"verdicts": results.summary.verdicts, "later": results.summary.later},
    present=lambda summary: bool(summary.verdicts or summary.later),
    columns=(
        "claim",
        "response",
        "factor",
        "level",
        "reference",
        "at",
        "expect",
        "margin",
        "alpha",
        "after",
        "outcome",
    ),
)
