"""Whether a trial that was trained again agrees with its record."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ablate.analysis.compared.change import MADE_BY
from ablate.config.spec import Response
from ablate.store.record import Record, State

Agreement = Literal["equal", "within tolerance", "differs"]

ROUNDING = 1e-4
"""Relative. Another processor, or a training alone in place of one in a stack, adds single-precision numbers in another
order, and each step carries the difference on. The regression tests have this tolerance, of trainings by some hundred
steps; a long training may carry it further."""

SLACK = 1 + 1e-6
"""Factor on the tolerance: one example, as a share, is not exact in binary."""


@dataclass(frozen=True, kw_only=True)
class Retrained:
    """A trial, trained again with what its record states."""

    id: str
    levels: Mapping[str, str]
    replicate: int
    response: str
    before: float | None
    """The study's response, as the record has it."""
    again: float | None
    """None: the training did not complete."""
    tolerance: float
    """In the response's units."""
    agreement: Agreement
    """`equal`: every response of the record, to the last bit. `within tolerance`: the study's response."""
    state: State
    """How the training ended this time."""
    error: str | None
    responses: Mapping[str, tuple[float | None, float | None]]
    """Each response of the record: before, and again."""
    made_by: Mapping[str, tuple[str, str]]
    """What trained it, where that is not the same: code, versions, device, threads; before, and now."""


def retrained(before: Record, again: Record, response: Response, *, tolerance: float | None = None) -> Retrained:
    """Compares a trial that was trained again with its record.

    Args:
        before: The record, of a trial that completed.
        again: The record of the second training.
        response: The study's response.
        tolerance: Of the response, in its units; None: a rounding error (`ROUNDING`), or for an accuracy one example
            where that is more.
    """
    old, new = before.value(response.name), again.value(response.name)
    allowed = _tolerance(before, response) if tolerance is None else tolerance
    return Retrained(
        id=before.id,
        levels=before.levels,
        replicate=before.replicate,
        response=response.name,
        before=old,
        again=new if again.state == "complete" else None,
        tolerance=allowed,
        agreement=_agreement(before, again, old, new, allowed),
        state=again.state,
        error=again.error,
        responses={name: (value, again.responses.get(name)) for name, value in before.responses.items()},
        made_by=_made_by(before, again),
    )


def _agreement(before: Record, again: Record, old: float | None, new: float | None, tolerance: float) -> Agreement:
    if again.state != "complete" or old is None or new is None:
        return "differs"
    if old == new and all(again.responses.get(name) == value for name, value in before.responses.items()):
        return "equal"
    return "within tolerance" if abs(new - old) <= tolerance * SLACK else "differs"


def _tolerance(record: Record, response: Response) -> float:
    value = record.value(response.name) or 0.0
    examples = record.counts.val_examples if response.name.startswith("val") else record.counts.test_examples
    one_example = 1 / examples if response.is_accuracy and examples else 0.0
    return max(ROUNDING * abs(value), one_example)


def _made_by(before: Record, again: Record) -> Mapping[str, tuple[str, str]]:
    if before.provenance is None or again.provenance is None:
        return {}
    found = {
        name: (str(getattr(before.provenance, field)), str(getattr(again.provenance, field)))
        for name, field in MADE_BY.items()
        if name != "commit"
    }
    return {name: (old, new) for name, (old, new) in found.items() if old != new}
