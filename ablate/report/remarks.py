"""The remarks on a study: what a reviewer would object to, and the configuration that mends it."""

from collections.abc import Sequence
from typing import TextIO

from ablate.analysis.review._base import Remark
from ablate.analysis.review.review import Review
from ablate.report.content import Content
from ablate.report.formats.registry import write
from ablate.report.tables.columns.row import Row
from ablate.report.text.block_layout import block_lines
from ablate.report.text.line import Line
from ablate.report.text.quantity import counted
from ablate.report.text.table import ABSENT, Block, Column, Table, Tone

COLUMNS = ("study", "remark", "state", "found", "mend", "reason")
TONES: dict[str, Tone] = {"open": "bad", "accepted": "good", "not judged": "caution"}


def show_review(
    review: Review,
    format: str = "table",
    stream: TextIO | None = None,
    width: int | None = None,
    *,
    ascii_only: bool = False,
) -> None:
    """Writes a review; default: to standard output.

    Raises:
        ConfigError: there is no such format.
    """
    content = Content(
        items=lambda: [_table(review)],
        data=lambda: review,
        rows=lambda: [_row(review, remark) for remark in review.remarks],
        columns=COLUMNS,
        screen=lambda cells, plain: _screen(review, cells, ascii_only=plain),
    )
    write(content, format, stream, width, ascii_only=ascii_only)


def _screen(review: Review, width: int, *, ascii_only: bool) -> Sequence[Line]:
    """A paragraph for each remark; then how many there are."""
    lines: list[tuple[str, str]] = []
    for remark in review.remarks:
        lines.append((remark.name, f"{remark.state}: {remark.found}"))
        lines += [("", f"Mend: {remark.mend}")] if remark.state == "open" else []
        lines += [("", f"Accepted: {remark.reason}")] if remark.reason else []
    lines += [("", note) for note in _notes(review)]
    return block_lines(Block(title=f"Review of {review.study}", lines=tuple(lines)), width, ascii_only=ascii_only)


def _table(review: Review) -> Table:
    found = review.remarks
    return Table.of(
        title=f"Review of {review.study}",
        columns=[
            (Column(name="remark", key=True), [remark.name for remark in found]),
            (Column(name="state", tones=TONES), [remark.state for remark in found]),
            (Column(name="what was found", wrap=True), [remark.found for remark in found]),
            (Column(name="what mends it", wrap=True), [remark.mend or ABSENT for remark in found]),
            (Column(name="accepted because", wrap=True), [remark.reason or ABSENT for remark in found]),
        ],
        notes=_notes(review),
    )


def _notes(review: Review) -> tuple[str, ...]:
    counts = {state: sum(remark.state == state for remark in review.remarks) for state in TONES}
    more = "".join(f", {count} {state}" for state, count in counts.items() if state != "open" and count)
    clear = f" Clear: {', '.join(review.clear)}." if review.clear else ""
    needless = ", ".join(review.needless)
    return (
        f"{counted(counts['open'], 'open remark')}{more}.{clear}",
        *((f"Accepted without need, because there is no such remark: {needless}.",) if needless else ()),
    )


def _row(review: Review, remark: Remark) -> Row:
    return {
        "study": review.study,
        "remark": remark.name,
        "state": remark.state,
        "found": remark.found,
        "mend": remark.mend,
        "reason": remark.reason,
    }
