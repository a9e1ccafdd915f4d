"""Lesions of the trained full network, next to the arms that were trained without the same modules."""

from collections.abc import Mapping, Sequence

import numpy as np

from ablate.analysis.effects.comparison import Comparison
from ablate.analysis.outcomes.outcome import Outcomes
from ablate.analysis.statistics.paired import paired
from ablate.analysis.statistics.student import Values
from ablate.analysis.summary import Lesion, Paired
from ablate.config.spec import StudySpec
from ablate.design import DesignPoint, design_of
from ablate.plan.lesions import KINDS, edited_arms

UNLESIONED = "Some or all lesions are missing of {count} of {n} trained full networks. Reasons of the first: {reason}."


def lesions(
    spec: StudySpec, points: Sequence[DesignPoint], found: Outcomes, comparison: Comparison
) -> tuple[tuple[Lesion, ...], tuple[str, ...]]:
    """The lesions that records have, by arm, then kind.

    Args:
        spec: The study.
        points: Its design points.
        found: Their records.
        comparison: Of their scores, in which a number may stand in for an arm's diverged trial.

    Returns:
        The lesions; and a note where records say that some are missing.
    """
    full = design_of(spec).compared_point(spec.factors, points)
    if full is None:
        return (), ()
    # What is needed of each record, and not the record: those of a large study take much memory.
    complete = [
        (record.lesions, record.unlesioned) if record is not None and record.state == "complete" else None
        for record in found.records[full]
    ]
    made: list[Lesion] = []
    for row, arm in edited_arms(spec, points):
        differing = {f: level for f, level in points[row].levels.items() if level != points[full].levels[f]}
        retrained = comparison.scores[row]
        for kind in KINDS:
            values = (None if each is None else _value(each[0], arm, kind, spec.response.name) for each in complete)
            lesioned = np.array([*values], dtype=np.float64)
            if not np.any(np.isfinite(lesioned)):
                continue
            made.append(
                Lesion(
                    levels=differing,
                    kind=kind,
                    paired=_paired(comparison, lesioned, found.response[full]),
                    retrained=_if_any(_paired(comparison, retrained, found.response[full])),
                    recovered=_if_any(_paired(comparison, retrained, lesioned)),
                )
            )
    there = [each for each in complete if each is not None]
    reasons = [reason for _, reason in there if reason]
    notes = (UNLESIONED.format(count=len(reasons), n=len(there), reason=reasons[0]),) if reasons else ()
    return tuple(made), notes


def _value(
    lesions: Mapping[str, Mapping[str, Mapping[str, float]]], arm: str, kind: str, response: str
) -> float | None:
    return lesions.get(arm, {}).get(kind, {}).get(response)


def _paired(comparison: Comparison, arm: Values, reference: Values) -> Paired:
    return paired(arm, reference, better=comparison.better, rng=np.random.default_rng(comparison.seed))


def _if_any(pair: Paired) -> Paired | None:
    return pair if pair.n else None
