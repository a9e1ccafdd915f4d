"""The table of tuning: a row for each arm, with what each candidate came to and which one was chosen."""

from collections.abc import Mapping
from typing import Any

from ablate.analysis.notes.tuning import short
from ablate.analysis.summary import Summary, TunedArm, TuningSummary
from ablate.report.tables.columns.row import Row, levels
from ablate.report.tables.kind import TableKind
from ablate.report.tables.tuning.columns import setting
from ablate.report.tables.tuning.drawing import drawing
from ablate.report.text.arm import arm_name, arm_names, mean
from ablate.report.text.number import Digits
from ablate.report.text.quantity import counted
from ablate.report.text.table import ABSENT, Column, Table
from ablate.store.choices import Tried

STAR = " *"
_COLUMNS = ("arm", "metric", "rung", "share", "seeds", "lost", "mean", "values", "chosen", "edge")


def tuning_table(summary: Summary, tuning: TuningSummary) -> Table:
    """What each candidate came to, on the largest share of the budget that it reached."""
    names = arm_names(summary, tuning)
    reached = [_reached(arm) for arm in tuning.arms]
    digits = Digits.fitting([mean(tried) for found in reached for tried in found.values()])
    shares = {tried.share for found in reached for tried in found.values()}
    columns = [(Column(name="arm", key=True, wrap=True), [arm_name(names, arm) for arm in tuning.arms])]
    for number, candidate in enumerate(tuning.candidates):
        cells = [
            _cell(found[number], digits, is_alone=len(shares) == 1) + STAR * (dict(arm.chosen) == dict(candidate))
            for arm, found in zip(tuning.arms, reached, strict=True)
        ]
        columns.append((Column(name=_heading(candidate), justify="right"), cells))
    notes = [
        f"Mean over {counted(tuning.seeds, 'tuning seed')}, on the largest share of the budget that a candidate has "
        "reached. *: chosen."
    ]
    if any(tried is None or None in tried.values for found in reached for tried in found.values()):
        notes.append("k diverged: k tuning seeds have no value, since the training diverged or timed out.")
    return Table.of(
        title=f"Tuning: {tuning.metric}, {tuning.better} is better",
        columns=columns,
        caption=names.caption,
        notes=notes,
    )


def tuning_rows(summary: Summary) -> list[Row]:
    """A row for each arm, candidate and rung."""
    tuning = summary.tuning
    if tuning is None:
        return []
    names = arm_names(summary, tuning)
    return [
        {"arm": arm_name(names, arm)}
        | levels(arm.levels, _COLUMNS)
        | {key: _plain(value) for key, value in tried.settings.items()}
        | {
            "metric": tuning.metric,
            "rung": rung,
            "share": tried.share,
            "seeds": len(tried.values),
            "lost": sum(value is None for value in tried.values),
            "mean": mean(tried),
            "values": " ".join("" if value is None else repr(value) for value in tried.values),
            "chosen": dict(tried.settings) == dict(arm.chosen),
            "edge": " ".join(f"{key}:{end}" for key, end in arm.edges.items()),
        }
        for arm in tuning.arms
        for rung, every in enumerate(arm.rungs)
        for tried in every
    ]


def _plain(value: Any) -> str | int | float | bool | None:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _reached(arm: TunedArm) -> dict[int, Tried]:
    """Each candidate on the last rung that it reached; the first rung has them all, in the order of the study."""
    order = [dict(tried.settings) for tried in arm.rungs[0]]
    return {order.index(dict(tried.settings)): tried for rung in arm.rungs for tried in rung}


def _cell(tried: Tried, digits: Digits, *, is_alone: bool) -> str:
    lost = sum(value is None for value in tried.values)
    text = digits.number(mean(tried)) if lost < len(tried.values) else ABSENT
    at = "" if is_alone else f" at {100 * tried.share:.3g}%"
    return f"{text}{at}{f', {lost} diverged' if lost else ''}"


def _heading(candidate: Mapping[str, Any]) -> str:
    return ", ".join(f"{short(key)} {setting(value)}" for key, value in candidate.items())


TUNING = TableKind(
    about="what tuning tried for each arm, and what it chose",
    items=lambda results: (
        [tuning_table(results.summary, results.summary.tuning)]
        if results.summary.tuning is not None and results.summary.tuning.arms
        else []
    ),
    rows=lambda results: tuning_rows(results.summary),
    data=lambda results: {"tuning": results.summary.tuning},
    present=lambda summary: summary.tuning is not None and bool(summary.tuning.arms),
    columns=("arm", "metric", "rung", "share", "seeds", "lost", "mean", "values", "chosen", "edge"),
    estimates=False,
    drawn=lambda results, width, ascii_only: (
        drawing(results.summary, results.summary.tuning, width, ascii_only=ascii_only)
        if results.summary.tuning is not None
        else []
    ),
)
