"""Trials that did not reach the threshold up to which their updates are counted, and what that leaves of a claim."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ablate.analysis.outcomes.outcome import Outcomes
from ablate.config.spec import Response
from ablate.config.threshold import counts_updates
from ablate.design.estimable import Estimable
from ablate.design.point import DesignPoint

Unreached = npt.NDArray[np.bool_]
"""Shape (design points, replicates)."""


def unreached(response: Response, found: Outcomes) -> Unreached:
    """Which trials did not reach the threshold: they count more updates than they took, or they diverged."""
    mask = np.zeros(found.response.shape, dtype=np.bool_)
    if not counts_updates(response.name):
        return mask
    for row, records in enumerate(found.records):
        for replicate, record in enumerate(records):
            if record is not None and record.is_result:
                mask[row, replicate] = (record.value(response.name) or 0) > record.counts.steps > 0
    return mask | found.diverged


def unreached_notes(
    response: Response, points: Sequence[DesignPoint], mask: Unreached, *, finished: npt.NDArray[np.bool_]
) -> tuple[str, ...]:
    """A note on the design points whose trials did not all reach it; none where they did.

    Args:
        response: That counts the updates.
        points: Of the study.
        mask: As `unreached`.
        finished: Which trials completed or diverged, the same shape.
    """
    counts = {row: int(count) for row, count in enumerate(mask.sum(axis=1)) if count}
    if not counts:
        return ()
    where = "; ".join(
        f"{', '.join(f'{factor}={level}' for factor, level in points[row].levels.items())}: {count}"
        for row, count in counts.items()
    )
    diverged = "" if response.penalty is None else "; diverged ones count as the penalty"
    return (
        f"{sum(counts.values())} of {int(np.count_nonzero(finished))} finished trials did not reach the threshold of "
        f"{response.name} ({where}). Each counts one epoch of updates more than its budget, which is fewer than it "
        f"would have taken{diverged}.",
    )


def unreached_reason(estimable: Estimable, mask: Unreached, *, difference: float, is_equivalence: bool) -> str:
    """Why trials that did not reach the threshold leave a claim open, as a clause; empty where they do not.

    Each counts fewer updates than it would have taken. So the difference can only grow where they are on the slower
    side, and shrink where they are on the faster one. Where equality is claimed or found, or differences are compared,
    either side counts.

    Args:
        estimable: The claim's contrast.
        mask: As `unreached`.
        difference: That was found: the arm's updates less the reference's, on the claim's scale.
        is_equivalence: Whether the claim or its verdict is that two numbers are close, or one of them not larger.
    """
    rows = estimable.rows
    if not is_equivalence and not estimable.arm_less and estimable.reference:
        rows = estimable.arm if difference < 0 else estimable.reference
    count = int(mask[list(rows)].sum())
    return "" if not count else f"{count} of its trials did not reach the threshold, and would have taken more updates"
