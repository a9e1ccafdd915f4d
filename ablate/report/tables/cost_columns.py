"""The columns that say what a network costs: the same in a plan and in the tables of its study."""

from collections.abc import Sequence

from ablate.report.text.quantity import BYTES, SECONDS, compact, in_one_unit
from ablate.report.text.table import ABSENT, Column

Cells = tuple[Column, list[str]]


def cost_columns(
    *,
    width: str,
    widths: Sequence[int | None],
    parameters: Sequence[int | None],
    flops: Sequence[int | None],
    activation_bytes: Sequence[int | None],
    latency_seconds: Sequence[float | None],
    group: int = 0,
) -> list[Cells]:
    """A column for each, side by side.

    Args:
        width: what the width that was solved for is called.
        widths: None where capacity is not matched.
        parameters: of each design point's network.
        flops: of one example's forward pass.
        activation_bytes: kept by a minibatch's forward pass.
        latency_seconds: of one example's forward pass.
        group: of the columns.
    """
    memory, bytes_ = in_one_unit(activation_bytes, BYTES)
    time, seconds = in_one_unit(latency_seconds, SECONDS)
    return [
        (
            Column(name=width, justify="right", group=group),
            [ABSENT if found is None else str(found) for found in widths],
        ),
        (Column(name="parameters", justify="right", group=group), [compact(count) for count in parameters]),
        (Column(name="FLOPs", justify="right", group=group), [compact(count) for count in flops]),
        (Column(name="activations", unit=memory, justify="right", group=group), bytes_),
        (Column(name="latency", unit=time, justify="right", group=group), seconds),
    ]


def cost_notes(
    *,
    flops: Sequence[int | None],
    activation_bytes: Sequence[int | None],
    latency_seconds: Sequence[float | None],
    timed_on: Sequence[str],
) -> tuple[str, ...]:
    """What the columns mean, for those that say something."""
    notes: list[str] = []
    if any(count is not None for count in flops):
        notes.append("FLOPs: of one example's forward pass.")
    if any(size is not None for size in activation_bytes):
        notes.append("Activations: what a minibatch's forward pass keeps for the backward pass.")
    if any(time is not None for time in latency_seconds):
        notes.append(
            "Latency: one example's forward pass in evaluation, timed warm and alone, the median; on "
            f"{' or '.join(timed_on)}."
        )
        if None in latency_seconds:
            notes.append(f"{ABSENT} under latency: not measured.")
    return tuple(notes)
