"""A decision: the outcome of a claim at the looks that its replicates have reached."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ablate.analyze.claims.evidence import decide, evidence
from ablate.analyze.claims.looks import Looks, t_bound
from ablate.analyze.statistics.paired import TEST_FROM
from ablate.analyze.statistics.student import mean, sd
from ablate.analyze.summary import Interval, Outcome
from ablate.config.spec import Better, Claim


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The state of a contrast at the look that decided it or, if none did, at the latest look."""

    outcome: Outcome
    look: int
    """Counted from 1; 0 before the first."""
    n: int
    """Differences that it rests on."""
    interval: Interval | None
    """The repeated interval (Jennison & Turnbull 1989, J. R. Stat. Soc. B 51): each of its ends holds at all looks
    together with probability 1 − alpha. Its centre is the plain mean, too far out where a study stopped early."""
    wanted: int | None
    """Replicates at which the next look is; None where the contrast needs no more."""


def decided(
    looks: Looks, differences: npt.ArrayLike, claim: Claim, *, better: Better, tolerance: float = 0.0
) -> Decision:
    """Takes the looks that are due, in order, up to the first that decides; later replicates change nothing.

    The rule is that of a verdict without looks, at the level of the look. One at n_k is due when there are n_k
    replicates. Where some of them lack a difference, it has the degrees of freedom of the others; with under five,
    or with all differences equal, it decides nothing.

    Args:
        looks: the plan, whose alpha holds: the claim's, or what its family leaves of it.
        differences: shape (n,), arm − reference by replicate; NaN where one is missing. Trailing NaN are replicates
            that are not there yet.
        claim: about these differences.
        better: the response's direction.
        tolerance: how far apart differences may be and still count as equal.
    """
    values = np.asarray(differences, dtype=np.float64)
    there = np.flatnonzero(np.isfinite(values))
    trained = int(there[-1]) + 1 if len(there) else 0
    found = Decision(outcome="inconclusive", look=0, n=0, interval=None, wanted=looks.ns[0])
    for look, (planned, level) in enumerate(zip(looks.ns, looks.levels, strict=True), start=1):
        if planned > trained:
            break
        seen = values[:planned][np.isfinite(values[:planned])]
        n, outcome, interval = len(seen), "inconclusive", None
        if n >= TEST_FROM and np.ptp(seen) > tolerance:
            difference, se = mean(seen), sd(seen) / math.sqrt(n)
            found_here = evidence(claim, better=better, difference=difference, se=se, df=n - 1)
            outcome, interval = decide(found_here, alpha=level), _interval(looks, level, difference, se, n)
        last = outcome != "inconclusive" or planned == looks.replicates
        wanted = None if last else looks.ns[look]
        found = Decision(outcome=outcome, look=look, n=n, interval=interval, wanted=wanted)
        if last:
            break
    return found


def _interval(looks: Looks, level: float, difference: float, se: float, n: int) -> Interval:
    """The interval of one look's one-sided level, named for what all looks together hold."""
    half = t_bound(level, n) * se
    return Interval(
        value=difference,
        low=difference - half,
        high=difference + half,
        level=1 - 2 * looks.alpha,
        method="repeated t",
    )
