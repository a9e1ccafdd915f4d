"""The verdicts of several studies together: what is known so far, and the command behind each line of it."""

import sys
from collections.abc import Callable, Sequence
from typing import TextIO

from ablate.analyze.summary import Interval, Summary
from ablate.errors import ConfigError, unknown
from ablate.report.csv_format import verdicts_csv
from ablate.report.latex import latex
from ablate.report.markdown import markdown
from ablate.report.number import Digits, interval_name
from ablate.report.table import ABSENT, Block, Column, Table
from ablate.report.terminal import terminal
from ablate.report.verdicts_table import TONES, claim_name, outcome

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
    """The line of each verdict under its study: what a terminal has room for."""
    lines = tuple((s.study if i == 0 else "", v.line) for s in summaries for i, v in enumerate(s.verdicts))
    silent = tuple((s.study, "states no claim") for s in summaries if not s.verdicts)
    return Block(title="Verdicts", lines=(*lines, *silent))


def ledger(summaries: Sequence[Summary]) -> Table:
    """A line for each claim of each study, in the order given; question and command stand on a study's first."""
    verdicts = [v for s in summaries for v in s.verdicts]
    firsts = [i == 0 for s in summaries for i in range(len(s.verdicts))]
    studies = [s for s in summaries for _ in s.verdicts]
    intervals = [v.interval for v in verdicts]
    name = interval_name(intervals)
    same = " or " not in name
    silent = ", ".join(s.study for s in summaries if not s.verdicts)
    return Table.of(
        title="Verdicts",
        columns=[
            (Column(name="question", key=True, wrap=True), _once([s.question for s in studies], firsts)),
            (Column(name="claim", key=True, wrap=True), [claim_name(v.claim) for v in verdicts]),
            (Column(name="verdict", wrap=True, tones=TONES), [outcome(v) for v in verdicts]),
            (Column(name=f"Δ [{name}]" if same else "Δ [interval]"), [_difference(i, same=same) for i in intervals]),
            (Column(name="margin", justify="right"), [f"{v.claim.margin:g}" for v in verdicts]),
            (Column(name="n", justify="right"), [str(v.n) for v in verdicts]),
            (Column(name="of", group=1), [s.response for s in studies]),
            (Column(name="command", group=1), _once([s.command for s in studies], firsts)),
        ],
        caption=(
            "Δ is the claim's first level − its second, paired by replicate, in the units of the response. Claims were "
            "stated before the first trial, and verdicts rest on p after Holm over the claims of their own study.",
        ),
        notes=(
            *((f"Without a claim: {silent}.",) if silent else ()),
            *dict.fromkeys(s.scope for s in summaries if s.verdicts),
        ),
    )


def _once(cells: Sequence[str], firsts: Sequence[bool]) -> list[str]:
    return [cell if first else "" for cell, first in zip(cells, firsts, strict=True)]


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
        }
        for s in summaries
    ]
    return msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n"
