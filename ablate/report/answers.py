"""The answers of several studies together: each verdict and identity, and the command behind it."""

from collections.abc import Sequence
from typing import TextIO

from ablate.analysis.summary import Summary
from ablate.report.cases import cases
from ablate.report.content import Content
from ablate.report.formats.registry import write
from ablate.report.tables.answers import answer_lines, answer_rows, answers_table
from ablate.report.text.block_layout import block_lines


def show_answers(
    summaries: Sequence[Summary],
    format: str = "table",
    stream: TextIO | None = None,
    width: int | None = None,
    *,
    ascii_only: bool = False,
) -> None:
    """Writes the verdicts and identities of several studies; default: to standard output.

    Raises:
        ConfigError: there is no such format.
    """
    write(answers(summaries), format, stream, width, ascii_only=ascii_only)


def answers(summaries: Sequence[Summary]) -> Content:
    """The answers of several studies: on a terminal the line of each, elsewhere a table."""
    return Content(
        items=lambda: [answers_table(summaries)],
        data=lambda: [_data(summary) for summary in summaries],
        rows=lambda: answer_rows(summaries),
        columns=("study", "kind", "statement", "outcome"),
        cases=lambda: cases(summaries),
        screen=lambda width, ascii_only: block_lines(answer_lines(summaries), width, ascii_only=ascii_only),
    )


def _data(summary: Summary) -> dict[str, object]:
    return {
        "study": summary.study,
        "question": summary.question,
        "response": summary.response,
        "better": summary.better,
        "command": summary.command,
        "data": summary.data,
        "replicates": summary.replicates,
        "tuned": [] if summary.tuning is None else summary.tuning.settings,
        "mixed_code": summary.mixed_code,
        "verdicts": summary.verdicts,
        "identities": summary.identities,
    }
