"""The family of stated claims, adjusted by Holm."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from ablate.analysis.claims.evidence import decide, is_strong
from ablate.analysis.claims.verdict import adjust
from ablate.analysis.statistics.multiplicity import holm
from ablate.analysis.summary import Evidence, Verdict
from ablate.config.spec import Better


def judge(verdicts: Sequence[Verdict], *, better: Better) -> tuple[Verdict, ...]:
    """The verdicts on all stated claims, adjusted for their number.

    Every outcome but `inconclusive` denies a null. The p against it is adjusted by Holm among the same p of all
    stated claims, and the rule of a single claim then takes the adjusted p. So each kind of finding (supported,
    strong, contradicted, equivalent) is false anywhere in the family with probability α at most, whichever of
    the nulls are true, and however the claims depend on one another; where α differs between claims, with the
    largest. For contradicted claims of equivalence see `verdict`. A single claim stays what it is.

    A claim that is decided by itself but not among the others is inconclusive, and its line says so. One that is
    equivalent by itself may stay supported, or contradicted, where its sign is surer than its size. A claim without
    a p counts as a member of the family with p = 1.

    The interval of each verdict is that which Holm leaves: at the level where it says what the outcome does.

    Args:
        verdicts: of `verdict`, one for each stated claim.
        better: as there.
    """
    adjusted = _adjusted([verdict.evidence for verdict in verdicts])
    return tuple(
        adjust(
            verdict,
            better=better,
            adjusted=evidence,
            family=len(verdicts),
            level=_level(evidence, adjusted, alpha=verdict.claim.alpha),
        )
        for verdict, evidence in zip(verdicts, adjusted, strict=True)
    )


def _level(evidence: Evidence | None, family: Sequence[Evidence | None], *, alpha: float) -> float:
    """The one-sided level at which a claim's interval says what its outcome does.

    Of m claims Holm rejects R nulls of one kind: exactly those whose p is under α / (m − R), or under α where it
    rejects all. The interval is at the level of what the claim's outcome rests on; that of an open claim, which must
    exclude no null, at the smallest of them.
    """

    def left(kind: str) -> float:
        p = [getattr(each, kind) for each in family if each is not None]
        return alpha / max(1, len(family) - sum(value is not None and value < alpha for value in p))

    outcome = "inconclusive" if evidence is None else decide(evidence, alpha=alpha)
    if outcome != "inconclusive":
        return left("strong" if evidence and is_strong(evidence, alpha=alpha) else outcome)
    return min(map(left, ("supported", "contradicted", "equivalent")))


def _adjusted(found: Sequence[Evidence | None]) -> tuple[Evidence | None, ...]:
    """Each p after Holm, among the same p of all."""
    columns = {
        field.name: holm([None if evidence is None else getattr(evidence, field.name) for evidence in found])
        for field in dataclasses.fields(Evidence)
    }
    rows: list[dict[str, Any]] = [{name: column[i] for name, column in columns.items()} for i in range(len(found))]
    return tuple(None if evidence is None else Evidence(**row) for evidence, row in zip(found, rows, strict=True))
