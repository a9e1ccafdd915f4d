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


def unreached_notes(response: Response, points: Sequence[DesignPoint], mask: Unreached) -> tuple[str, ...]:
    """A note on the design points whose trials did not all reach it; none where they did."""
    counts = {row: int(count) for row, count in enumerate(mask.sum(axis=1)) if count}
    if not counts:
        return ()
    where = "; ".join(
        f"{', '.join(f'{factor}={level}' for factor, level in points[row].levels.items())}: {count}"
        for row, count in counts.items()
    )
    return (
        f"{sum(counts.values())} of {mask.size} trials did not reach the threshold of {response.name} ({where}). Each "
        "counts as if the next evaluation after its budget had: the fewest updates that it can have taken.",
    )


def unreached_reason(estimable: Estimable, mask: Unreached, *, difference: float, is_equivalence: bool) -> str:
    """Why trials that did not reach the threshold leave a claim open, as a clause; empty where they do not.

    They count as too few updates. A difference can only be larger for those of its slower side, and smaller for those
    of its faster side. Where equality is claimed, or differences are compared, either side counts.

    Args:
        estimable: The claim's contrast.
        mask: As `unreached`.
        difference: That was found: the arm's updates less the reference's, on the claim's scale.
        is_equivalence: Whether the claim is that two numbers are close, or one of them not larger.
    """
    rows = estimable.rows
    if not is_equivalence and not estimable.arm_less and estimable.reference:
        rows = estimable.arm if difference < 0 else estimable.reference
    count = int(mask[list(rows)].sum())
    return "" if not count else f"{count} of its trials did not reach the threshold, and would have taken more updates"
