"""The table of `ablate doctor`: each check, its state and its detail."""

from collections.abc import Sequence
from typing import Literal

from ablate.report.text.table import Column, Table, Tone

Health = Literal["ok", "warn", "bad"]
TONES: dict[str, Tone] = {"ok": "good", "warn": "caution", "bad": "bad"}


def health(checks: Sequence[tuple[str, Health, str]]) -> Table:
    """A table of checks: name, state and detail of each."""
    return Table(
        title="doctor",
        columns=(
            Column(name="check", key=True),
            Column(name="state", tones=TONES),
            Column(name="detail", wrap=True),
        ),
        rows=tuple(checks),
    )
