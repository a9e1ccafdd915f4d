"""Two arms compared replicate by replicate, with the limits of small n."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ablate.analysis.statistics.power import detectable
from ablate.analysis.statistics.proportion import proportion
from ablate.analysis.statistics.rounding_tolerance import rounding_tolerance
from ablate.analysis.statistics.sign_flip import sign_flip
from ablate.analysis.statistics.student import Values, mean, sd, t_interval, t_test, welch_interval
from ablate.analysis.summary import INTERVAL_FROM, TEST_FROM, Paired, Proportion
from ablate.config.spec import Better


def paired(
    arm: npt.ArrayLike,
    reference: npt.ArrayLike,
    *,
    better: Better,
    rng: np.random.Generator,
    replicates: Sequence[int] | None = None,
    level: float = 0.95,
    size: npt.ArrayLike | None = None,
) -> Paired:
    """Compares an arm with the reference on the replicates that have both.

    Args:
        arm: shape (n,), one response per planned replicate; NaN where there is none.
        reference: the same for the reference; position i is the same replicate in both.
        better: which direction a win has; the differences are arm − reference whichever it is.
        rng: for the sign-flip test above 16 replicates.
        replicates: the replicates' numbers, 0 to n − 1 by default.
        level: of the intervals.
        size: of the responses, where the arms are differences of them: what rounding is relative to.
    """
    a, b = np.asarray(arm, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    numbers = np.arange(len(a)) if replicates is None else np.asarray(replicates)
    both = np.isfinite(a) & np.isfinite(b)
    dropped = int(np.count_nonzero(~both))
    sizes = [] if size is None else [np.asarray(size, dtype=np.float64)[both]]
    a, b, numbers = a[both], b[both], numbers[both]
    n, d, tolerance = len(a), a - b, rounding_tolerance(a, b, *sizes)
    tie = np.abs(d) <= tolerance
    wins = int(np.count_nonzero(~tie & ((d > 0) == (better == "higher"))))
    ties = int(np.count_nonzero(tie))
    identical = n > 1 and (ties == n or bool(np.ptp(d) <= np.max(tolerance)))
    spread = n >= INTERVAL_FROM and not identical
    tested = n >= TEST_FROM and not identical
    t, p = t_test(d) if tested else (None, None)
    correlated = correlation(a, b, tolerance) if n >= INTERVAL_FROM else None
    deviation = None if n < INTERVAL_FROM else sd(d) if spread else 0.0
    return Paired(
        n=n,
        dropped=dropped,
        replicates=tuple(numbers.tolist()),
        arm=tuple(a.tolist()),
        reference=tuple(b.tolist()),
        differences=tuple(d.tolist()),
        mean_arm=mean(a) if n else None,
        mean_reference=mean(b) if n else None,
        difference=t_interval(d, level=level, tolerance=math.inf if identical else 0.0) if n else None,
        sd=deviation,
        correlation=correlated,
        wins=wins,
        ties=ties,
        losses=n - wins - ties,
        superiority=proportion(wins, n - ties, level=level)
        if n >= INTERVAL_FROM
        else Proportion(k=wins, n=n - ties, interval=None),
        t=t,
        p=p,
        sign_flip=sign_flip(np.where(tie, 0.0, d), rng=rng, slack=float(np.sum(tolerance))) if tested else None,
        detectable=detectable(n) * deviation if tested and deviation is not None else None,
        welch=welch_interval(a, b, level=level) if correlated is not None and correlated < 0 else None,
        identical=identical,
    )


def correlation(a: Values, b: Values, tolerance: Values) -> float | None:
    """Pearson's correlation of pairs of finite values; None where a side does not vary by more than the tolerance."""
    largest = float(np.max(tolerance))
    if np.ptp(a) <= largest or np.ptp(b) <= largest:
        return None
    u, v = a - np.mean(a), b - np.mean(b)
    u, v = u / math.hypot(*u.tolist()), v / math.hypot(*v.tolist())
    return float(np.clip(np.dot(u, v), -1.0, 1.0))
