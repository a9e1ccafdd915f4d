"""The remark that an arm still learned at the end of its training."""

import numpy as np

from ablate.analysis.claims.averaging import is_no_better
from ablate.analysis.claims.untrained import last_change
from ablate.analysis.review._base import Judgement, Objection, Unjudged
from ablate.analysis.review.case import Case, number
from ablate.analysis.statistics.rounding_tolerance import rounding_tolerance
from ablate.analysis.statistics.student import mean
from ablate.analysis.summary import INTERVAL_FROM
from ablate.config.threshold import counts_updates

SHARE = 0.5
"""Of the smallest margin: arms that each gain less differ by less than the margin for it."""


def judge(case: Case) -> Judgement:
    """Objects to a gain on the validation split, over the last tenth of the epochs, of more than half a margin."""
    if counts_updates(case.spec.response.name):  # what comes after the threshold does not count
        return None
    metric = f"val/{case.spec.response.name.rpartition('/')[2]}"
    if not case.has_results:
        return Unjudged(why="No trial has ended: whether the arms still learn at the end is not known.")
    margin = case.smallest_margin
    if margin is None:
        return Unjudged(why="No claim states a margin that a gain at the end of the training could be held against.")
    sign = 1 if case.spec.response.better == "higher" else -1
    gains: dict[int, float] = {}
    unknown: list[int] = []
    for row, records in enumerate(case.outcomes.records):
        ended = [record for record in records if record is not None and record.state == "complete"]
        curves = [np.array(case.curves.get(r.id, {}).get(metric, ()), dtype=np.float64) for r in ended]
        known = np.array([sign * last_change(c) for c in curves if len(c) > 1 and np.isfinite(c).all()])
        if not len(known):
            unknown.append(row)
        elif mean(known) > SHARE * margin and not (
            len(known) >= INTERVAL_FROM and is_no_better(known, tolerance=float(np.max(rounding_tolerance(known))))
        ):
            gains[row] = mean(known)
    if gains:
        ordered = sorted(gains, key=lambda row: -gains[row])
        return Objection(
            found=f"{len(gains)} of {len(case.points)} design points still learned: over the last tenth of the epochs "
            f"{metric} improved by up to {number(gains[ordered[0]])}, more than half of the smallest margin, "
            f"{number(margin)} ({case.names(ordered)}).",
            mend=case.longer,
        )
    if unknown:
        return Unjudged(
            why=f"{len(unknown)} of {len(case.points)} design points have no complete trial with a curve of {metric} "
            f"over two epochs or more ({case.names(unknown)}): whether they still learned at the end is not known."
        )
    return None
