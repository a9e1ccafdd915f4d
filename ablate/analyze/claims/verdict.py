"""The verdict on a claim: STATISTICS (c), with (e) where trials diverged and (f) where n is small."""

import dataclasses
import math
from collections.abc import Iterator

import numpy as np

from ablate.analyze.claims.chances import needed
from ablate.analyze.claims.claim import check_claim, direction
from ablate.analyze.claims.evidence import decide, evidence, is_strong
from ablate.analyze.claims.sentence import sentence
from ablate.analyze.outcomes.resolution import Resolution
from ablate.analyze.statistics.paired import INTERVAL_FROM, TEST_FROM
from ablate.analyze.statistics.student import t_interval
from ablate.analyze.summary import Evidence, Interval, Outcome, Paired, Verdict
from ablate.config.spec import Better, Claim


def verdict(
    claim: Claim,
    paired: Paired,
    *,
    better: Better,
    survivors: Paired | None = None,
    resolution: Resolution | None = None,
) -> Verdict:
    """The verdict on one claim by itself; `judge` adjusts the verdicts of a study for their number.

    With the (1 − 2α) t interval of the mean difference and the margin m: inside (−m, m) a claim of a direction is
    `equivalent`, even where the interval excludes 0; else `supported` wholly on the claimed side of 0 (strong, if
    beyond m), `contradicted` wholly on the other, and `inconclusive` across. A claim of equivalence is `supported`
    inside (−m, m) and `contradicted` wholly beyond. `no_worse` has −m, on the worse side, in the place of 0.

    Where the true difference is 0, `greater` and `less` are each falsely supported, and falsely contradicted, with
    probability α at most; where it is m, `equivalent` is false as often. Only a claim of equivalence with a margin
    that is small beside the SE of the difference has more: it can be beyond on two sides, so that it is falsely
    contradicted with a probability between α and 2α.

    Where all differences are equal there is no interval and the claim is inconclusive, however many they are: that
    n replicates agree does not say how often the next one would not (with n = 5, up to 45% of them, at 95%
    confidence), and a rare, large difference moves the mean out of any margin.

    Args:
        claim: its first level is the arm of `paired`.
        paired: the primary analysis, in which diverged trials are scored.
        better: for `no_worse`, which side is the worse.
        survivors: the analysis without them, where any diverged. If it has a verdict, and another one, the claim is
            inconclusive. With fewer than five survivors there is none to compare with, and a remark says so.
        resolution: of an accuracy; a margin under it is remarked on.

    Raises:
        ConfigError: the claim's margin or α is out of range.
    """
    check_claim(claim)
    found = _evidence(claim, paired, better)
    alone = _outcome(claim, paired, found)
    spared = None if survivors is None else _outcome(claim, survivors, _evidence(claim, survivors, better))
    return adjust(
        Verdict(
            claim=claim,
            outcome=alone,
            strong=False,
            interval=_interval(claim, paired),
            n=paired.n,
            sd=paired.sd,
            evidence=found,
            adjusted=found,
            family=1,
            alone=alone,
            survivors=spared,
            failure_sensitive=None not in (alone, spared) and alone != spared,
            needed=None,
            remarks=tuple(_remarks(claim, survivors, spared, resolution)),
            line="",
        ),
        better=better,
        adjusted=found,
        family=1,
    )


def adjust(verdict: Verdict, *, better: Better, adjusted: Evidence | None, family: int) -> Verdict:
    """The same verdict with the outcome that the adjusted evidence leads to, in a family of that size.

    How many replicates it needs is then for α / family, which is enough for the claim whatever becomes of the others.
    """
    outcome, strong, more = verdict.alone, False, None
    if outcome is None:
        more = TEST_FROM
    elif verdict.failure_sensitive:
        outcome = "inconclusive"
    elif adjusted is not None:
        alpha = verdict.claim.alpha
        outcome, strong = decide(adjusted, alpha=alpha), is_strong(adjusted, alpha=alpha)
        more = _needed(verdict, better, alpha / family) if outcome == "inconclusive" else None
    changed = dataclasses.replace(
        verdict, outcome=outcome, strong=strong, adjusted=adjusted, family=family, needed=more
    )
    return dataclasses.replace(changed, line=sentence(changed))


def _evidence(claim: Claim, paired: Paired, better: Better) -> Evidence | None:
    if paired.n < TEST_FROM or paired.identical:
        return None
    assert paired.difference is not None
    assert paired.sd is not None
    se = paired.sd / math.sqrt(paired.n)
    return evidence(claim, better=better, difference=paired.difference.value, se=se, df=paired.n - 1)


def _outcome(claim: Claim, paired: Paired, found: Evidence | None) -> Outcome | None:
    if found is not None:
        return decide(found, alpha=claim.alpha)
    return None if paired.n < TEST_FROM else "inconclusive"


def _interval(claim: Claim, paired: Paired) -> Interval | None:
    if paired.n < INTERVAL_FROM:
        return None
    tolerance = math.inf if paired.identical else 0.0
    return t_interval(np.array(paired.differences), level=1 - 2 * claim.alpha, tolerance=tolerance)


def _needed(verdict: Verdict, better: Better, alpha: float) -> int | None:
    """As if the true difference and SD were the observed ones."""
    assert verdict.interval is not None
    assert verdict.sd is not None
    claim = verdict.claim
    effect = direction(claim, better=better) * verdict.interval.value / verdict.sd
    return needed(claim.expect, verdict.n, margin=claim.margin / verdict.sd, effect=effect, alpha=alpha)


def _remarks(
    claim: Claim, survivors: Paired | None, spared: Outcome | None, resolution: Resolution | None
) -> Iterator[str]:
    if survivors is not None and spared is None:
        yield (
            f"Trials diverged and are scored; with {survivors.n} replicates of survivors only there is no second "
            "verdict to compare this one with."
        )
    if resolution is not None and (remark := resolution.remark(claim.margin)):
        yield f"The claim has {remark}"
