"""The family of stated claims, and what is left beside it: STATISTICS (d)."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from ablate.analyze.false_discovery import q_values
from ablate.analyze.student import Values
from ablate.analyze.summary import Evidence, Verdict
from ablate.analyze.verdict import settle
from ablate.config.spec import Better

P = float | None


def judge(verdicts: Sequence[Verdict], *, better: Better) -> tuple[Verdict, ...]:
    """The verdicts on all stated claims, each as one among so many.

    Every outcome but `inconclusive` denies a null. The p against it is adjusted by Holm among the same p of all
    stated claims, and the rule of a single claim then takes the adjusted p. So each kind of finding (supported,
    strong, contradicted, equivalent) is false anywhere in the family with probability α at most, whichever of
    the nulls are true, and however the claims depend on one another; where α differs between claims, with the
    largest. For contradicted claims of equivalence see `verdict`. A single claim stays what it is.

    A claim that is decided by itself but not among the others is inconclusive, and its line says so. One that is
    equivalent by itself may stay supported, or contradicted, where its sign is surer than its size. A claim without
    a p counts as a member of the family with p = 1.

    Args:
        verdicts: of `verdict`, one for each stated claim.
        better: as there.
    """
    adjusted = _adjusted([verdict.evidence for verdict in verdicts])
    return tuple(
        settle(verdict, better=better, adjusted=evidence, family=len(verdicts))
        for verdict, evidence in zip(verdicts, adjusted, strict=True)
    )


def holm(p: Sequence[P]) -> tuple[P, ...]:
    """Holm's adjusted p, in the order given: under α where the step-down procedure rejects at α.

    A member of the family that has no p counts as 1, and stays without. Source: Holm, Scand. J. Stat. 6 (1979), 65–70.
    """
    values = _filled(p)
    order = np.argsort(values, kind="stable")
    steps = np.arange(len(values), 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(np.maximum.accumulate(values[order] * steps), 1.0)
    return _emptied(adjusted, p)


def exploratory_q(p: Sequence[P]) -> tuple[P, ...]:
    """Benjamini–Hochberg q of contrasts that no claim is about, in the order given.

    A contrast that has no p counts as 1, and has no q.
    """
    return _emptied(np.array(q_values(_filled(p).tolist())), p)


def _adjusted(found: Sequence[Evidence | None]) -> tuple[Evidence | None, ...]:
    """Each p after Holm, among the same p of all."""
    columns = {
        field.name: holm([None if evidence is None else getattr(evidence, field.name) for evidence in found])
        for field in dataclasses.fields(Evidence)
    }
    rows: list[dict[str, Any]] = [{name: column[i] for name, column in columns.items()} for i in range(len(found))]
    return tuple(None if evidence is None else Evidence(**row) for evidence, row in zip(found, rows, strict=True))


def _filled(p: Sequence[P]) -> Values:
    return np.array([1.0 if value is None else value for value in p], dtype=np.float64)


def _emptied(values: Values, p: Sequence[P]) -> tuple[P, ...]:
    return tuple(None if was is None else float(value) for value, was in zip(values, p, strict=True))
