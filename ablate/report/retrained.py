"""Trials that were trained again, beside their records."""

from collections.abc import Sequence
from typing import TextIO

from ablate.analysis.compared.retrained import Retrained
from ablate.report.content import Content, refuse_rows
from ablate.report.formats.registry import write
from ablate.report.text.number import MINUS
from ablate.report.text.point_name import settings
from ablate.report.text.quantity import counted
from ablate.report.text.table import ABSENT, Column, Table, Tone

TONES: dict[str, Tone] = {"equal": "good", "within tolerance": "good", "differs": "bad"}


def show_retrained(study: str, found: Sequence[Retrained], stream: TextIO | None = None) -> None:
    """Writes a table of them; default: to standard output.

    Args:
        study: The name of their study.
        found: The trials, at least one.
        stream: Where the table is written.
    """
    table = _table(study, found)
    write(Content(items=lambda: [table], data=lambda: found, rows=refuse_rows), stream=stream, format="table")


def _table(study: str, found: Sequence[Retrained]) -> Table:
    counts = {name: sum(one.agreement == name for one in found) for name in TONES}
    tolerances = [one.tolerance for one in found]
    allowed = " to ".join(f"{bound:.2g}" for bound in dict.fromkeys((min(tolerances), max(tolerances))))
    said = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    return Table.of(
        title=f"Trained again: {counted(len(found), 'trial')} of {study}, {found[0].response}",
        columns=[
            (Column(name="trial", key=True), [one.id for one in found]),
            (
                Column(name="training", wrap=True),
                [f"{settings(one.levels)}, replicate {one.replicate}" for one in found],
            ),
            (Column(name="recorded", justify="right"), [_number(one.before) for one in found]),
            (Column(name="again", justify="right"), [_number(one.again) for one in found]),
            (Column(name="agreement", tones=TONES), [one.agreement for one in found]),
        ],
        notes=(
            f"{said}. Equal: every response, to the last bit.",
            f"Tolerance of {found[0].response}: {allowed}.",
            *(f"{one.id}: {one.state.replace('_', ' ')}: {one.error}" for one in found if one.state != "complete"),
            *_made_by(found),
            *_unexplained(found),
        ),
    )


def _number(value: float | None) -> str:
    return ABSENT if value is None else f"{value:.6g}".replace("-", MINUS)


def _unexplained(found: Sequence[Retrained]) -> Sequence[str]:
    """What to look at where a training completed with another response, and nothing that made it is known to differ."""
    which = [one.id for one in found if one.agreement == "differs" and one.state == "complete" and not one.made_by]
    if not which:
        return ()
    return (
        "Code, versions, device and threads are as recorded, and the response differs all the same "
        f"({', '.join(which)}). Check the files that the code reads, random numbers that the seed does not set, and "
        "the record itself.",
    )


def _made_by(found: Sequence[Retrained]) -> Sequence[str]:
    """A line for each thing that differs from the records, such as a version."""
    changes: dict[str, list[str]] = {}
    for one in found:
        for name, (before, now) in one.made_by.items():
            changes.setdefault(f"Not the same {name}: {before} → {now}", []).append(one.id)
    return [
        f"{text}." if len(trials) == len(found) else f"{text} ({', '.join(trials)})."
        for text, trials in changes.items()
    ]
