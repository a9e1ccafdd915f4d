"""The answers of several studies: a line for each verdict and identity, and the command behind it."""

from collections.abc import Iterator, Sequence

from ablate.analysis.summary import TEST_FROM, Interval, Qualifier, Summary
from ablate.report.tables.columns.row import Row
from ablate.report.tables.columns.row import interval as interval_cells
from ablate.report.tables.identities import TONES as HELD
from ablate.report.tables.identities import identity_lines
from ablate.report.tables.verdicts import QUALIFYING, claim_name, qualifier_names, qualifying, tones
from ablate.report.text.number import Digits, interval_name
from ablate.report.text.quantity import counted
from ablate.report.text.table import ABSENT, Block, Column, Table


def answer_lines(summaries: Sequence[Summary]) -> Block:
    """The line of each verdict and of each identity under its study, for a terminal."""
    lines: list[tuple[str, str]] = []
    for summary in summaries:
        found = [*(f"{held}: {line}" for held, line in identity_lines(summary)), *(v.line for v in summary.verdicts)]
        found = [*(found or [_without_claims(summary)]), *([summary.mixed_code] if summary.mixed_code else [])]
        lines += zip([summary.study, *([""] * (len(found) - 1))], found, strict=True)
    return Block(title="Verdicts", lines=tuple(lines))


def _without_claims(summary: Summary) -> str:
    if not summary.later:
        return "states no claim"
    return f"stated no claim before its first trial: {counted(len(summary.later), 'claim')} given later, exploratory"


def answers_table(summaries: Sequence[Summary]) -> Table:
    """A line for each claim and each identity, in the order given; question and command stand on a study's first."""
    name = interval_name([v.interval for s in summaries for v in s.verdicts])
    same = " or " not in name
    rows = [row for s in summaries for row in _rows(s, same=same)]
    silent = ", ".join(s.study for s in summaries if not s.verdicts and not s.identities)
    columns = [
        Column(name="question", key=True, wrap=True),
        Column(name="claim or identity", key=True, wrap=True),
        Column(name="verdict", wrap=True, tones={**tones([v for s in summaries for v in s.verdicts]), **HELD}),
        Column(name=f"Δ [{name}]" if same else "Δ [interval]"),
        Column(name="margin", justify="right"),
        Column(name="n", justify="right"),
        Column(name="qualifiers", wrap=True, group=1),
        Column(name="of", group=1),
        Column(name="command", group=1),
    ]
    return Table.of(
        title="Verdicts",
        columns=[(column, [row[i] for row in rows]) for i, column in enumerate(columns)],
        caption=(
            "Δ is the claim's first level − its second, paired by replicate, in the units of the response. Claims were "
            "stated before the first trial; verdicts rest on p after Holm over the claims of their own study, or on "
            "the bounds of its looks. An identity is asserted to its tolerance: no seeds, no p.",
        ),
        notes=(
            *((f"Without a claim: {silent}.",) if silent else ()),
            *_qualifier_lines(summaries),
            *(f"{s.study}: {s.mixed_code}" for s in summaries if s.mixed_code),
            *dict.fromkeys(s.scope for s in summaries if s.verdicts),
        ),
    )


def _qualifier_lines(summaries: Sequence[Summary]) -> Iterator[str]:
    """What the qualifiers say, each once, with the studies that it is on."""
    found: dict[tuple[str, str], tuple[Qualifier, dict[str, None]]] = {}
    for summary in summaries:
        for qualifier in (q for v in summary.verdicts for q in v.qualifiers):
            _, studies = found.setdefault((qualifier.name, qualifier.text), (qualifier, {}))
            studies[summary.study] = None
    for qualifier, studies in found.values():
        yield qualifier.sentence(", ".join(studies))


def _rows(summary: Summary, *, same: bool) -> list[tuple[str, ...]]:
    found = [
        *((line, held, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT) for held, line in identity_lines(summary)),
        *(
            (
                claim_name(v.claim),
                v.heading,
                _difference(v.interval, same=same),
                v.claim.margin_text,
                str(v.n),
                qualifier_names(v),
                summary.response,
            )
            for v in summary.verdicts
        ),
    ]
    once = [(summary.question, summary.command), *([("", "")] * (len(found) - 1))]
    return [(question, *row, command) for (question, command), row in zip(once, found, strict=False)]


def _difference(interval: Interval | None, *, same: bool) -> str:
    """Each with digits of its own: responses, and so units, differ down the column."""
    if interval is None:
        return ABSENT
    digits = Digits.fitting([interval.value], [interval]).as_difference()
    return digits.interval(interval) if same else digits.named(interval)


def answer_rows(summaries: Sequence[Summary]) -> list[Row]:
    """A row for each identity and each stated claim, in the order given; both kinds have the same columns."""
    return [row for summary in summaries for row in (*_identity_rows(summary), *_verdict_rows(summary))]


def _identity_rows(summary: Summary) -> Iterator[Row]:
    for exact in summary.identities:
        interval = Interval(value=exact.difference) if exact.difference is not None else None
        yield (
            _opening(summary, "identity", exact.identity.statement, "holds" if exact.holds else "fails")
            | interval_cells("difference", interval)
            | {"margin": exact.identity.tolerance, "n": None, "p": None, "p_holm": None, "line": exact.line}
            | {"command": summary.command, "qualifiers": ""}
            | dict.fromkeys(QUALIFYING)
            | {"extended_false_support": None, "extended_false_contradiction": None}
        )


def _verdict_rows(summary: Summary) -> Iterator[Row]:
    for verdict in summary.verdicts:
        tested = verdict.n >= TEST_FROM
        yield (
            _opening(summary, "claim", claim_name(verdict.claim), verdict.heading)
            | interval_cells("difference", verdict.interval)
            | {"margin": verdict.claim.margin, "n": verdict.n}
            | {"p": verdict.p if tested else None, "p_holm": verdict.p_holm if tested else None}
            | {"line": verdict.line, "command": summary.command}
            | {"qualifiers": "; ".join(q.name for q in verdict.qualifiers)}
            | qualifying(verdict)
            | {
                "extended_false_support": verdict.extended.false_support if verdict.extended else None,
                "extended_false_contradiction": verdict.extended.false_contradiction if verdict.extended else None,
            }
        )


def _opening(summary: Summary, kind: str, statement: str, found: str) -> Row:
    response = summary.response if kind == "claim" else ""
    return {
        "study": summary.study,
        "question": summary.question,
        "kind": kind,
        "statement": statement,
        "outcome": found,
        "response": response,
        "better": summary.better if response else "",
    }
