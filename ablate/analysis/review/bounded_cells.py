"""The remarks on design points at the floor or at the ceiling of the response, where differences cannot show."""

from collections.abc import Sequence

import numpy as np

from ablate.analysis.claims.averaging import at_ceiling, at_floor
from ablate.analysis.review._base import Judgement, Objection, Unjudged
from ablate.analysis.review.case import Case
from ablate.analysis.summary import INTERVAL_FROM
from ablate.config.group import Group
from ablate.config.threshold import counts_updates


def judge_floor(case: Case) -> Judgement:
    """Objects to design points whose 95% interval reaches the trivial predictor's score; it has no diagnostics."""
    if case.spec.response.is_measured:
        return None
    if unknown := _unknown(case):
        return unknown
    rows = at_floor(case.spec.response, case.comparison, range(len(case.points)))
    if rows is None:
        return Unjudged(why=f"No record says what the trivial predictor scores in {case.spec.response.name}.")
    if not rows:
        return _in_part(case)
    return Objection(
        found=f"{len(rows)} of {len(case.points)} design points are not told from the trivial predictor: effects there "
        f"are those of networks that learned nothing ({case.names(rows)}).",
        mend=f"{case.longer}; or study.tune{_excluded(case, rows)}",
    )


def judge_ceiling(case: Case) -> Judgement:
    """Objects to design points whose 95% interval reaches the best value that the response can have."""
    best = case.spec.response.bounds[1 if case.spec.response.better == "higher" else 0]
    if best is None or counts_updates(case.spec.response.name):  # 0 updates, the best value, cannot be reached
        return None
    if unknown := _unknown(case):
        return unknown
    rows = at_ceiling(case.spec.response, case.comparison, range(len(case.points)))
    if not rows:
        return _in_part(case)
    limit = Group("data", case.spec.settings.get("data")).get("limit")
    fewer = f"data.limit: {limit // 2}" if isinstance(limit, int) and limit > 1 else "data.limit: fewer examples"
    return Objection(
        found=f"{len(rows)} of {len(case.points)} design points are not told from {best:g}, the best possible "
        f"{case.spec.response.name}: nothing can be better there ({case.names(rows)}).",
        mend=f"{fewer}; or a harder data set, by data",
    )


def _scored(case: Case) -> int:
    """How many design points have values enough for an interval."""
    return int(np.count_nonzero(np.isfinite(case.comparison.scores).sum(axis=1) >= INTERVAL_FROM))


def _unknown(case: Case) -> Unjudged | None:
    if _scored(case):
        return None
    return Unjudged(why=f"No design point has {INTERVAL_FROM} replicates yet, which an interval takes.")


def _in_part(case: Case) -> Unjudged | None:
    """Nothing was found: in all design points, or in those that can be judged."""
    if (scored := _scored(case)) == len(case.points):
        return None
    return Unjudged(why=f"{scored} of {len(case.points)} design points have {INTERVAL_FROM} replicates; none is there.")


def _excluded(case: Case, rows: Sequence[int]) -> str:
    """Leaves the first of them out; not the baseline, which others are compared with."""
    for row in rows:
        if row != case.baseline:
            levels = ", ".join(f"{name}: {level}" for name, level in case.points[row].levels.items())
            return f"; or study.exclude: [{{{levels}}}]"
    return ""
