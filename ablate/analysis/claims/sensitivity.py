"""What another interval would say of a claim: beside the verdict, and never in its place."""

import dataclasses
import math
from collections.abc import Iterator, Sequence

import numpy as np

from ablate.analysis.claims.claim import direction
from ablate.analysis.claims.evidence import decide, weighed
from ablate.analysis.statistics.ratio import ratio_interval
from ablate.analysis.statistics.skewed import transformed_interval, transformed_p
from ablate.analysis.statistics.student import Values
from ablate.analysis.summary import Interval, Outcome, Paired, Resampled, Verdict
from ablate.config.spec import Better, Claim

SKEWNESS_FROM = 10
"""Replicates from which a skewness shows at all: with five, this interval errs nearly as often as Student's."""


def skewed(claim: Claim, paired: Paired, outcome: Outcome | None, *, better: Better) -> Iterator[str]:
    """A remark where Hall's interval, which allows for skewness, leads to another outcome than Student's t.

    Not for a margin that is a share of the baseline's mean: its bounds vary over the replicates.
    """
    if outcome is None or paired.n < SKEWNESS_FROM or paired.identical or claim.relative:
        return
    values = np.array(paired.differences)
    x = direction(claim, better=better) * values
    # p for a mean under the bound, and over it: the other side's values are the same, mirrored.
    found = weighed(
        claim,
        above=lambda margins: transformed_p(x, margins * claim.margin),
        below=lambda margins: transformed_p(-x, -margins * claim.margin),
    )
    other = decide(found, alpha=claim.alpha)
    if other != outcome:
        interval = transformed_interval(values, level=1 - 2 * claim.alpha)
        yield (
            f"Skewed: {other} by Hall's interval ({interval.low:+.3g} to {interval.high:+.3g}), which allows for "
            "skewness; docs/operating.md has the error rates of both."
        )


def overlap(shares: Values | None, rows: Sequence[int]) -> float | None:
    """The share of tested by trained examples to correct for; None where splits do not overlap, or nobody knows.

    Of design points that differ in it the largest, which makes the widest interval.
    """
    known = np.zeros(0) if shares is None else shares[list(rows)].ravel()
    known = known[np.isfinite(known) & (known > 0)]
    return float(np.max(known)) if len(known) else None


def resampled(verdict: Verdict, *, better: Better) -> Resampled | None:
    """What the interval of a verdict is where the splits overlap, and what it would say.

    Every t interval of n differences, that of a look too, is widened by √(1 + n · share): `corrected_interval`.
    """
    interval, share = verdict.interval, verdict.test_share
    if share is None or interval is None or interval.low is None or interval.high is None:
        return None
    wider = math.sqrt(1 + verdict.n * share)
    low, high = (interval.value + wider * (end - interval.value) for end in (interval.low, interval.high))
    found = dataclasses.replace(interval, low=low, high=high, method="resampled")
    is_open = verdict.alone is None or verdict.failure_sensitive or bool(verdict.why_open)
    decided = found if verdict.share is None else _of_baseline(verdict, share)
    return Resampled(
        interval=found,
        test_share=share,
        outcome=None if is_open else outcome_of(verdict.claim, decided, better=better),
    )


def _of_baseline(verdict: Verdict, test_share: float) -> Interval:
    """The same of the difference as a share of the baseline's mean."""
    assert verdict.share is not None
    assert verdict.interval is not None
    assert verdict.sd is not None
    share = verdict.share
    return ratio_interval(
        verdict.interval.value,
        share.baseline,
        sds=(verdict.sd, share.baseline_sd),
        correlation=share.correlation,
        n=verdict.n,
        level=share.interval.level,
        test_share=test_share,
    )


def outcome_of(claim: Claim, interval: Interval, *, better: Better) -> Outcome:
    """The outcome that an interval leads to, by the rule of docs/verdicts.md.

    Args:
        claim: its margin is in the units of the interval.
        interval: of the difference; one without ends leaves the claim open.
        better: direction of the response.
    """
    if interval.low is None or interval.high is None:
        return "inconclusive"
    low, high = sorted(direction(claim, better=better) * end for end in (interval.low, interval.high))
    margin = claim.margin
    inside = -margin < low and high < margin
    if claim.is_equivalence:
        return "supported" if inside else "contradicted" if low > margin or high < -margin else "inconclusive"
    null = -margin if claim.expect == "no_worse" else 0.0
    return "equivalent" if inside else "supported" if low > null else "contradicted" if high < null else "inconclusive"
