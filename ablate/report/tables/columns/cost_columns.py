"""The columns that say what a network costs: the same in a plan and in the tables of its study."""

from collections.abc import Iterable, Sequence
from typing import Any, cast

from ablate.plan.cost import NETWORK_COSTS, NetworkCost, Unit
from ablate.report.text.quantity import BYTES, SECONDS, compact, in_one_unit
from ablate.report.text.table import ABSENT, Column

Cells = tuple[Column, list[str]]


def cost_values(costs: Iterable[NetworkCost]) -> dict[str, Any]:
    """Every cost by its name, with a number for each network: what the functions below take."""
    every = [cost.numbers() for cost in costs]
    return {name: [numbers[name] for numbers in every] for name in NETWORK_COSTS}


def cost_columns(
    *, width: str, widths: Sequence[int | None], group: int = 0, **costs: Sequence[float | None]
) -> list[Cells]:
    """A column for each, side by side.

    Args:
        width: the heading of the column of widths that were solved for.
        widths: None where capacity is not matched.
        group: of the columns.
        costs: by their names in `NETWORK_COSTS`, with a number for each network.
    """
    solved = [ABSENT if found is None else str(found) for found in widths]
    columns = [(Column(name=width, justify="right", group=group), solved)]
    for name, kind in NETWORK_COSTS.items():
        if name in costs:
            unit, cells = _cells(costs[name], kind.unit)
            columns.append((Column(name=kind.heading, unit=unit, justify="right", group=group), cells))
    return columns


def cost_notes(*, timed_on: Sequence[str], **costs: Sequence[float | None]) -> tuple[str, ...]:
    """What the columns mean, for those that say something.

    Args:
        timed_on: the devices on which something was timed.
        costs: as in `cost_columns`.
    """
    notes: list[str] = []
    unmeasured: list[str] = []
    for name, kind in NETWORK_COSTS.items():
        values = costs.get(name, ())
        if all(value is None for value in values):
            continue
        if kind.note:
            notes.append(kind.note.format(timed_on=" or ".join(timed_on)))
        if kind.measured and None in values:
            unmeasured.append(kind.heading)
    if unmeasured:
        notes.append(f"{ABSENT} under {' and '.join(unmeasured)}: not measured.")
    return tuple(notes)


def _cells(values: Sequence[float | None], unit: Unit) -> tuple[str, list[str]]:
    if unit == "count":
        return "", [compact(count) for count in cast(Sequence[int | None], values)]
    return in_one_unit(values, BYTES if unit == "bytes" else SECONDS)
