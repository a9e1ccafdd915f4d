"""A decision: the outcome of a claim at the looks that its replicates have reached."""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ablate.analysis.claims.evidence import decide, evidence, is_strong
from ablate.analysis.claims.looks import Looks, t_bound
from ablate.analysis.statistics.student import Values, mean, sd
from ablate.analysis.summary import INTERVAL_FROM, TEST_FROM, Evidence, Interval, Outcome
from ablate.config.spec import Better, Claim


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The state of a contrast at the look that decided it or, if none did, at the latest look."""

    outcome: Outcome
    """Inconclusive where it is failure-sensitive."""
    look: int
    """Counted from 1; 0 before the first."""
    planned: int = 0
    """Replicates at that look."""
    n: int
    """Differences that it rests on; fewer where some are missing."""
    strong: bool = False
    alone: Outcome | None = None
    """What the differences with the diverged trials scored say at this look; None with under five of them."""
    survivors: Outcome | None = None
    """What the survivors only say at this look; None where no trial diverged up to it, or under five survive."""
    evidence: Evidence | None = None
    """Of this look's differences; None where it decides nothing."""
    sd: float | None = None
    """Of this look's differences, where they are three or more."""
    interval: Interval | None
    """The repeated interval (Jennison & Turnbull 1989, J. R. Stat. Soc. B 51): each of its ends holds at all looks
    together with probability 1 − alpha. Its centre is the plain mean, too far out where a study stopped early."""
    wanted: int | None
    """Replicates at which the next look is; None where the contrast needs no more."""

    @property
    def failure_sensitive(self) -> bool:
        """Whether the survivors only say something else at this look."""
        return None not in (self.alone, self.survivors) and self.alone != self.survivors


def decided(
    looks: Looks,
    differences: npt.ArrayLike,
    claim: Claim,
    *,
    better: Better,
    survivors: npt.ArrayLike | None = None,
    tolerance: float = 0.0,
) -> Decision:
    """Takes the looks that are due, in order, up to the first that decides; later replicates change nothing.

    The rule is that of a verdict without looks, at the level of the look. One at n_k is due when there are n_k
    replicates. Where some of them lack a difference, it has the degrees of freedom of the others; with under five,
    or with all differences equal, it decides nothing. Neither does one at which the survivors only say something
    else: the next look may. That makes decisions rarer, so that each error rate stays under alpha.

    Args:
        looks: the plan, whose alpha holds: the claim's, or what its family leaves of it.
        differences: shape (n,), arm − reference by replicate; NaN where one is missing. Trailing NaN are replicates
            that are not there yet.
        claim: about these differences.
        better: the response's direction.
        survivors: the same with NaN where a trial of the replicate diverged; None where none did.
        tolerance: how far apart differences may be and still count as equal.
    """
    values = np.asarray(differences, dtype=np.float64)
    spared = None if survivors is None else np.asarray(survivors, dtype=np.float64)
    there = np.flatnonzero(np.isfinite(values))
    trained = int(there[-1]) + 1 if len(there) else 0
    found = Decision(outcome="inconclusive", look=0, n=0, interval=None, wanted=looks.ns[0])
    for look, planned in enumerate(looks.ns, start=1):
        if planned > trained:
            break
        found = _at_look(looks, look, values, spared, claim, better=better, tolerance=tolerance)
        if found.outcome != "inconclusive" or planned == looks.replicates:
            return replace(found, wanted=None)
        found = replace(found, wanted=looks.ns[look])
    return found


def _at_look(
    looks: Looks,
    look: int,
    values: Values,
    survivors: Values | None,
    claim: Claim,
    *,
    better: Better,
    tolerance: float,
) -> Decision:
    """What one look says by itself, counted from 1."""
    level = looks.levels[look - 1]

    def seen(of: Values) -> Values:
        first = of[: looks.ns[look - 1]]
        return first[np.isfinite(first)]

    def weighed(of: Values) -> Evidence | None:
        if len(of) < TEST_FROM or np.ptp(of) <= tolerance:
            return None
        return evidence(claim, better=better, difference=mean(of), se=sd(of) / math.sqrt(len(of)), df=len(of) - 1)

    def said(of: Values) -> Outcome | None:
        if len(of) < TEST_FROM:
            return None
        found = weighed(of)
        return "inconclusive" if found is None else decide(found, alpha=level)

    here = seen(values)
    spared = seen(values if survivors is None else survivors)
    n, found = len(here), weighed(here)
    made = Decision(
        outcome=said(here) or "inconclusive",
        look=look,
        planned=looks.ns[look - 1],
        n=n,
        strong=found is not None and is_strong(found, alpha=level),
        alone=said(here),
        survivors=said(spared) if len(spared) < n else None,
        evidence=found,
        sd=sd(here) if n >= INTERVAL_FROM else None,
        interval=_interval(looks, level, mean(here), sd(here) / math.sqrt(n), n) if found is not None else None,
        wanted=None,
    )
    return replace(made, outcome="inconclusive", strong=False) if made.failure_sensitive else made


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
