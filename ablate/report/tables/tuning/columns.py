"""The columns of chosen settings: the same in a plan and in the table of design points."""

from collections.abc import Mapping, Sequence
from typing import Any

from ablate.analysis.notes.tuning import short
from ablate.config.spec import hydra_text
from ablate.report.text.table import ABSENT, Column

Cells = tuple[Column, list[str]]

CHOSEN = "*: chosen for each arm by tuning."


def tuned_columns(chosen: Sequence[Mapping[str, Any]], *, group: int = 0) -> list[Cells]:
    """A column for each setting, headed by the last word of its key with a star.

    Args:
        chosen: of each design point; empty where nothing was chosen.
        group: of the columns.
    """
    keys = list(dict.fromkeys(key for settings in chosen for key in settings))
    return [
        (
            Column(name=f"{short(key)}*", justify="right", group=group),
            [setting(settings[key]) if key in settings else ABSENT for settings in chosen],
        )
        for key in keys
    ]


def tuned_notes(chosen: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """What the star means, where there is one."""
    return (CHOSEN,) if any(chosen) else ()


def setting(value: Any) -> str:
    """A value as a cell."""
    return f"{value:g}" if isinstance(value, float) else hydra_text(value).strip("'")
