"""What a claim's difference is averaged over, and what the average may hide."""

from collections.abc import Sequence

import numpy as np

from ablate.analysis.effects.comparison import Comparison
from ablate.analysis.statistics.rounding_tolerance import rounding_tolerance
from ablate.analysis.statistics.student import Values, mean, t_interval
from ablate.analysis.summary import INTERVAL_FROM, Averaged, SimpleEffect
from ablate.config.spec import Claim, Response, StudySpec
from ablate.design import DesignPoint, design_of
from ablate.design.estimable import Estimable


def averaged(
    spec: StudySpec, points: Sequence[DesignPoint], comparison: Comparison, claim: Claim, estimable: Estimable
) -> Averaged | None:
    """Over how many settings a claim averages, with the range of its effects there; None where it is one setting.

    Args:
        spec: the study.
        points: its design points.
        comparison: of their scores, in the response's units.
        claim: of the estimable contrast.
        estimable: whose rows are in the same order on all of its sides, but in a fraction.
    """
    if len(estimable.arm) < 2:
        return None
    fixed = {*claim.compared, *claim.at}
    varied = tuple(
        name for name in spec.names if name not in fixed and len({points[r].levels[name] for r in estimable.rows}) > 1
    )
    effects: list[SimpleEffect] = []
    if not design_of(spec).is_fraction:
        scaled = comparison.on(claim.scale).scores
        for index, row in enumerate(estimable.arm):
            value = _effect(scaled, estimable, index)
            if value is not None:
                effects.append(SimpleEffect(at={name: points[row].levels[name] for name in varied}, value=value))
    return Averaged(
        factors=varied,
        settings=len(estimable.arm),
        lowest=min(effects, key=lambda effect: effect.value, default=None),
        highest=max(effects, key=lambda effect: effect.value, default=None),
        cells=len(estimable.rows),
        at_floor=_counted(at_floor(spec.response, comparison, estimable.rows)),
        at_ceiling=_counted(at_ceiling(spec.response, comparison, estimable.rows)),
    )


def is_no_better(gained: Values, *, tolerance: float) -> bool:
    """Whether the 95% t interval of a mean gain reaches 0; of equal gains, or under three, whether their mean does."""
    interval = t_interval(gained, tolerance=tolerance)
    return (interval.value if interval.low is None else interval.low) <= 0


def mean_score(scores: Values | None, rows: Sequence[int]) -> float | None:
    """What a predictor scores on the splits of these points' trials, in the mean; None where that is not known."""
    if scores is None:
        return None
    known = scores[list(rows)]
    return mean(known[np.isfinite(known)]) if np.isfinite(known).any() else None


def _counted(rows: Sequence[int] | None) -> int | None:
    return None if rows is None else len(rows)


def _effect(scores: Values, estimable: Estimable, index: int) -> float | None:
    """The mean over the replicates of the difference at one setting; None without a replicate that has it."""
    difference = scores[estimable.arm[index]] - scores[estimable.reference[index]]
    if estimable.arm_less:
        difference = difference - (scores[estimable.arm_less[index]] - scores[estimable.reference_less[index]])
    finite = difference[np.isfinite(difference)]
    return mean(finite) if len(finite) else None


def at_floor(response: Response, comparison: Comparison, rows: Sequence[int]) -> tuple[int, ...] | None:
    """The points that are not told from the trivial predictor, or are worse; None where its score says nothing."""
    trivial = comparison.trivial
    if trivial is None or not np.isfinite(trivial[list(rows)]).any():
        return None
    if response.trivial is None and response.penalty is not None:
        return None
    return _reaching(comparison.scores, trivial, rows, sign=1 if response.better == "higher" else -1)


def at_ceiling(response: Response, comparison: Comparison, rows: Sequence[int]) -> tuple[int, ...] | None:
    """The points that are not told from the best value that the response can have; None where it has none."""
    best = response.bounds[1 if response.better == "higher" else 0]
    if best is None:
        return None
    limit = np.full_like(comparison.scores, best)
    return _reaching(comparison.scores, limit, rows, sign=-1 if response.better == "higher" else 1)


def _reaching(scores: Values, limit: Values, rows: Sequence[int], *, sign: int) -> tuple[int, ...]:
    found: list[int] = []
    for row in rows:
        both = np.isfinite(scores[row]) & np.isfinite(limit[row])
        if np.count_nonzero(both) < INTERVAL_FROM:
            continue
        here, there = scores[row][both], limit[row][both]
        if is_no_better(sign * (here - there), tolerance=float(np.max(rounding_tolerance(here, there)))):
            found.append(row)
    return tuple(found)
