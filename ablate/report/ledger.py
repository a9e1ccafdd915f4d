"""The verdicts of several studies together: what is known so far, and the command behind each line of it."""

import sys
from collections.abc import Callable, Sequence
from typing import TextIO

from ablate.analyze.summary import Interval, Summary
from ablate.errors import ConfigError, unknown
from ablate.report.formats.csv import verdicts_csv
from ablate.report.formats.latex import latex
from ablate.report.formats.markdown import markdown
from ablate.report.formats.terminal import terminal
from ablate.report.tables.identities import TONES as HELD
from ablate.report.tables.identities import identity_lines
from ablate.report.tables.verdicts import TONES, claim_name, outcome
from ablate.report.text.number import Digits, interval_name
from ablate.report.text.table import ABSENT, Block, Column, Table

Format = Callable[[Sequence[Summary], TextIO], str]

FORMATS: dict[str, Format] = {
    "table": lambda summaries, stream: terminal([quotable(summaries)], stream, None),
    "json": lambda summaries, _: _json(summaries),
    "csv": lambda summaries, _: verdicts_csv(summaries),
    "markdown": lambda summaries, _: markdown([ledger(summaries)]),
    "latex": lambda summaries, _: latex([ledger(summaries)]),
}


def show_ledger(summaries: Sequence[Summary], format: str = "table", stream: TextIO | None = None) -> None:
    """Writes the verdicts of several studies in one of `FORMATS`; standard output unless told.

    Raises:
        ConfigError: there is no such format.
    """
    if format not in FORMATS:
        raise ConfigError(unknown("format", format, FORMATS))
    out = stream or sys.stdout
    out.write(FORMATS[format](summaries, out))


def quotable(summaries: Sequence[Summary]) -> Block:
    """The line of each verdict and of each identity under its study: what a terminal has room for."""
    lines: list[tuple[str, str]] = []
    for summary in summaries:
        found = [*(f"{held}: {line}" for held, line in identity_lines(summary)), *(v.line for v in summary.verdicts)]
        found = found or ["states no claim"]
        lines += zip([summary.study, *([""] * (len(found) - 1))], found, strict=True)
    return Block(title="Verdicts", lines=tuple(lines))


def ledger(summaries: Sequence[Summary]) -> Table:
    """A line for each claim and each identity, in the order given; question and command stand on a study's first."""
    name = interval_name([v.interval for s in summaries for v in s.verdicts])
    same = " or " not in name
    rows = [row for s in summaries for row in _rows(s, same=same)]
    silent = ", ".join(s.study for s in summaries if not s.verdicts and not s.identities)
    columns = [
        Column(name="question", key=True, wrap=True),
        Column(name="claim or identity", key=True, wrap=True),
        Column(name="verdict", wrap=True, tones={**TONES, **HELD}),
        Column(name=f"Δ [{name}]" if same else "Δ [interval]"),
        Column(name="margin", justify="right"),
        Column(name="n", justify="right"),
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
            *dict.fromkeys(s.scope for s in summaries if s.verdicts),
        ),
    )


def _rows(summary: Summary, *, same: bool) -> list[tuple[str, ...]]:
    found = [
        *((line, held, ABSENT, ABSENT, ABSENT, ABSENT) for held, line in identity_lines(summary)),
        *(
            (
                claim_name(v.claim),
                outcome(v),
                _difference(v.interval, same=same),
                f"{v.claim.margin:g}",
                str(v.n),
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


def _json(summaries: Sequence[Summary]) -> str:
    import msgspec

    found = [
        {
            "study": s.study,
            "question": s.question,
            "response": s.response,
            "better": s.better,
            "command": s.command,
            "verdicts": s.verdicts,
            "identities": s.identities,
        }
        for s in summaries
    ]
    return msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n"
