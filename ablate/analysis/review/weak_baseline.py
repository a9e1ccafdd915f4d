"""The remark that a simple predictor does as well as the baseline."""

import numpy as np

from ablate.analysis.claims.averaging import is_no_better
from ablate.analysis.review._base import Judgement, Objection, Unjudged
from ablate.analysis.review.case import Case, number
from ablate.analysis.statistics.rounding_tolerance import rounding_tolerance
from ablate.analysis.statistics.student import mean
from ablate.analysis.summary import BAYES, INTERVAL_FROM


def judge(case: Case) -> Judgement:
    """Objects where the baseline's 95% interval, less a simple predictor's score on the same splits, reaches 0."""
    row, response = case.baseline, case.spec.response
    if response.is_measured:  # a simple predictor has none
        return None
    if row is None:
        return Unjudged(why="The design has no baseline among its points.")
    scores = case.comparison.scores[row]
    if np.count_nonzero(np.isfinite(scores)) < INTERVAL_FROM:
        return Unjudged(why=f"The baseline has fewer than {INTERVAL_FROM} replicates so far, which an interval takes.")
    sign, compared = (1 if response.better == "higher" else -1), 0
    beating: dict[str, tuple[float, float]] = {}
    for name, simple in case.comparison.simple.items():
        if name.startswith(BAYES):  # the best rule that there is: no network can expect to beat it
            continue
        both = np.isfinite(scores) & np.isfinite(simple[row])
        if np.count_nonzero(both) < INTERVAL_FROM:
            continue
        compared += 1
        here, there = scores[both], simple[row][both]
        if is_no_better(sign * (here - there), tolerance=float(np.max(rounding_tolerance(here, there)))):
            beating[name] = mean(here), mean(there)
    if beating:
        said = ", ".join(f"{name} {number(score)}" for name, (_, score) in beating.items())
        own = next(iter(beating.values()))[0]
        return Objection(
            found=f"The baseline's {response.name}, {number(own)}, is not told from that of a simple predictor, or is "
            f"worse: {said}.",
            mend=f"{case.longer}; or a network that fits the data better, by model",
        )
    if not compared:
        return Unjudged(why=f"No record says what a simple predictor scores in {response.name}.")
    return None
