"""The untrained baseline: what it says about a claim that nothing was learned, or not yet."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from ablate.analysis.claims.averaging import is_no_better
from ablate.analysis.outcomes.outcome import Outcomes
from ablate.analysis.outcomes.scoring import Scores
from ablate.analysis.statistics.rounding_tolerance import rounding_tolerance
from ablate.analysis.statistics.student import Values, mean
from ablate.analysis.summary import INTERVAL_FROM
from ablate.config.spec import Claim, Response, StudySpec
from ablate.design.point import DesignPoint

LAST = 0.1
"""Of the budget: over which it is seen whether the training still goes on."""
STILL_FALLING = 0.1
"""Of the training loss."""
TRAINING_LOSS = "train/loss"

Curves = Mapping[str, Mapping[str, Sequence[float]]]
"""Trial id → response → its value in each epoch."""


def untrained(
    spec: StudySpec, points: Sequence[DesignPoint], found: Outcomes, scores: Scores, curves: Curves
) -> tuple[str, tuple[str, ...]]:
    """Why the study's baseline counts as untrained, and what could not be said about it.

    It does where the 95% interval of its response, less what the trivial predictor scores on the same splits, reaches
    0; or where its training loss falls by more than a tenth over the last tenth of its epochs while the response's
    metric on the validation split improves by more than the smallest margin of the claims. A response that names a
    penalty in place of a trivial score is not compared with the trivial predictor. A diagnostic says nothing of what
    was learned.

    Returns:
        The reason as a clause, empty where it is trained; notes.
    """
    row = next((row for row, point in enumerate(points) if point.is_baseline(spec.factors)), None)
    claims = (*spec.claims, *spec.later)
    if row is None or not claims or spec.response.is_measured:
        return "", ()
    notes: list[str] = []
    if reason := _trivial(spec.response, scores.values[row], scores.trivial[row]):
        return reason, ()
    if not np.isfinite(scores.trivial[row]).any():
        notes.append(
            f"Whether the baseline does better than the trivial predictor is not known: no record says what that "
            f"scores in {spec.response.name}."
        )
    complete = [r.id for r in found.records[row] if r is not None and r.state == "complete"]
    metric = f"val/{spec.response.name.rpartition('/')[2]}"
    moves = [_last_tenth(curves.get(trial_id, {}), metric) for trial_id in complete]
    known = [move for move in moves if move is not None]
    if complete and not known:
        notes.append(
            f"Whether the baseline was still learning at the end is not known: its trials have no curve of "
            f"{TRAINING_LOSS} and {metric} over two epochs or more."
        )
    if not known:
        return "", tuple(notes)
    fall = mean(np.array([fall for fall, _ in known]))
    gain = mean(np.array([change for _, change in known])) * (1 if spec.response.better == "higher" else -1)
    held = mean(scores.values[row][np.isfinite(scores.values[row])]) if np.isfinite(scores.values[row]).any() else 0.0
    margin = min((margin_in_units(claim, held) for claim in claims), default=0.0)
    if fall > STILL_FALLING and gain > margin:
        return (
            f"the baseline was still learning: over the last tenth of its epochs {TRAINING_LOSS} fell by {fall:.0%}, "
            f"and {metric} improved by {gain:.2g}, more than the smallest margin, {margin:g}"
        ), tuple(notes)
    return "", tuple(notes)


def _trivial(response: Response, values: Values, trivial: Values) -> str:
    """Why the baseline's response is not told from the trivial predictor's; empty where it is, or cannot be said."""
    if response.trivial is None and response.penalty is not None:
        return ""
    both = np.isfinite(values) & np.isfinite(trivial)
    if np.count_nonzero(both) < INTERVAL_FROM:
        return ""
    gained = (values - trivial)[both] * (1 if response.better == "higher" else -1)
    if not is_no_better(gained, tolerance=float(np.max(rounding_tolerance(values[both], trivial[both])))):
        return ""
    return (
        f"the baseline's {response.name}, {mean(values[both]):.3g}, is not told from the trivial predictor's, "
        f"{mean(trivial[both]):.3g}"
    )


def margin_in_units(claim: Claim, baseline: float) -> float:
    """A claim's margin in the response's units, at the baseline's mean; on another scale, by its slope there."""
    if claim.relative:
        return claim.margin * abs(baseline)
    slope = {"identity": 1.0, "log": abs(baseline), "logit": max(0.0, baseline * (1 - baseline))}[claim.scale]
    return claim.margin * slope


def _last_tenth(curve: Mapping[str, Sequence[float]], metric: str) -> tuple[float, float] | None:
    """The share by which the training loss falls over the last tenth of the epochs, and the change of a metric.

    Between epochs the curve is taken to be straight. None without both, or with one epoch.
    """
    loss, values = (np.array(curve.get(name, ()), dtype=np.float64) for name in (TRAINING_LOSS, metric))
    epochs = len(loss)
    if epochs < 2 or len(values) != epochs or not (np.isfinite(loss).all() and np.isfinite(values).all()):
        return None
    fallen = -last_change(loss)
    before = float(loss[-1]) + fallen
    if not math.isfinite(before) or before == 0:
        return None
    return fallen / abs(before), last_change(values)


def last_change(values: Values) -> float:
    """By how much a curve, shape (epochs,), changes over the last tenth of its epochs; straight between them."""
    epochs = len(values)
    return float(values[-1]) - float(np.interp((1 - LAST) * epochs, np.arange(1, epochs + 1), values))
