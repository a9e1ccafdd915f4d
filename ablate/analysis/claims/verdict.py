"""The verdict on a claim: its outcome, also where trials diverged or n is small, and what qualifies it."""

import dataclasses
import math
from collections.abc import Iterator, Mapping

import numpy as np

from ablate.analysis.claims.chances import needed
from ablate.analysis.claims.claim import check_claim, direction, sides, unit
from ablate.analysis.claims.evidence import decide, evidence, is_strong, relative_evidence
from ablate.analysis.claims.looks import suggested
from ablate.analysis.claims.qualifier import qualifiers, unseen_collapses
from ablate.analysis.claims.sensitivity import resampled, skewed
from ablate.analysis.claims.sentence import sentence
from ablate.analysis.outcomes.resolution import Resolution
from ablate.analysis.statistics.distribution import t_quantile
from ablate.analysis.statistics.ratio import ratio_interval
from ablate.analysis.statistics.student import Values, mean, sd, t_interval
from ablate.analysis.summary import (
    INTERVAL_FROM,
    TEST_FROM,
    Across,
    Averaged,
    Contrast,
    Evidence,
    Extension,
    Interval,
    Needed,
    Outcome,
    Paired,
    Proportion,
    Share,
    Verdict,
)
from ablate.config.spec import Better, Claim

NEEDED_LEVEL = 0.8
"""Of the interval of the difference from whose ends it follows how many replicates are needed."""


def verdict(
    claim: Claim,
    paired: Paired,
    *,
    better: Better,
    survivors: Paired | None = None,
    resolution: Resolution | None = None,
    failures_only: str = "",
    extended: Extension | None = None,
    plain: Paired | None = None,
    baseline: Values | None = None,
    averaged: Averaged | None = None,
    trivial: float | None = None,
    test_share: float | None = None,
    across: Across | None = None,
    simple: Mapping[str, float] | None = None,
) -> Verdict:
    """The verdict on one claim by itself; `judge` adjusts the verdicts of a study for their number.

    With the (1 − 2α) t interval of the mean difference and the margin m: inside (−m, m) a claim of a direction is
    `equivalent`, even where the interval excludes 0; else `supported` wholly on the claimed side of 0 (strong, if
    beyond m), `contradicted` wholly on the other, and `inconclusive` across. A claim of equivalence is `supported`
    inside (−m, m) and `contradicted` wholly beyond. `no_worse` has −m, on the worse side, in place of 0.

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
        failures_only: why there is no verdict but on the rate of failures, as `failures_only`; empty where there is.
        extended: what an unplanned extension made of the claim's α.
        plain: the same as `paired` in the response's units, where the claim is on another scale.
        baseline: the baseline's scores, shape (replicates,), where the margin is a share of their mean; there is one
            in each replicate of `paired`.
        averaged: what the difference is averaged over.
        trivial: what the trivial predictor scores.
        test_share: examples tested on by those trained on, where the splits of the replicates overlap.
        across: of a claim across data sets, which are what `paired` counts.
        simple: simple predictor → what it scores.

    Raises:
        ConfigError: the claim's margin or α is out of range.
    """
    check_claim(claim)
    found = None if failures_only else _evidence(claim, paired, better, baseline)
    alone = None if failures_only else _outcome(claim, paired, found)
    spared = (
        None
        if survivors is None or failures_only
        else _outcome(claim, survivors, _evidence(claim, survivors, better, baseline))
    )
    shown = paired if plain is None else plain
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
            failures_only=failures_only,
            extended=extended,
            diverged=survivors is not None,
            averaged=averaged,
            mean_arm=shown.mean_arm,
            mean_reference=None if claim.value is not None else shown.mean_reference,
            trivial=trivial,
            test_share=test_share,
            across=across,
            simple=simple or {},
            unseen_collapse=(
                unseen_collapses(paired.n) if alone is not None and survivors is None and across is None else None
            ),
            share=_share(claim, paired, baseline),
            remarks=()
            if failures_only
            else (*_remarks(claim, survivors, spared, resolution), *skewed(claim, paired, alone, better=better)),
            line="",
        ),
        better=better,
        adjusted=found,
        family=1,
    )


def adjust(
    verdict: Verdict, *, better: Better, adjusted: Evidence | None, family: int, level: float | None = None
) -> Verdict:
    """The same verdict with the outcome that the adjusted evidence leads to, in a family of that size.

    How many replicates it needs is then for α / family, which is enough for the claim whatever becomes of the others.

    Args:
        verdict: by itself.
        better: direction of the response.
        adjusted: each p after Holm; None where there is no p.
        family: how many claims were stated.
        level: one-sided, at which the interval says what the outcome does; default: the claim's α.
    """
    outcome, strong, more = verdict.alone, False, None
    if outcome is None:
        more = None if verdict.failures_only else Needed(low=TEST_FROM, high=TEST_FROM)
    elif verdict.failure_sensitive:
        outcome = "inconclusive"
    elif adjusted is not None:
        alpha = verdict.claim.alpha
        outcome, strong = decide(adjusted, alpha=alpha), is_strong(adjusted, alpha=alpha)
        more = _needed(verdict, better, alpha / family) if outcome == "inconclusive" else None
    changed = dataclasses.replace(
        verdict,
        outcome=outcome,
        strong=strong,
        adjusted=adjusted,
        family=family,
        needed=more,
        interval=_widened(verdict, verdict.claim.alpha if level is None else level),
        share=_widened_share(verdict, verdict.claim.alpha if level is None else level),
    )
    return stated(changed, better=better)


def leave_open(verdict: Verdict, *, better: Better, untrained: str = "", unreached: str = "") -> Verdict:
    """The same verdict, inconclusive whatever the interval says, for one of these reasons or both."""
    if verdict.outcome is None:
        return verdict
    opened = dataclasses.replace(
        verdict, outcome="inconclusive", strong=False, needed=None, untrained=untrained, unreached=unreached
    )
    return stated(opened, better=better)


def qualified(verdict: Verdict, *, mixed_code: str, untuned: str, better: Better) -> Verdict:
    """The same verdict, qualified where trainings of older code are pooled with others, or no setting was tuned."""
    return stated(dataclasses.replace(verdict, mixed_code=mixed_code, untuned=untuned), better=better)


def stated(verdict: Verdict, *, better: Better) -> Verdict:
    """The verdict with what overlapping splits leave of it, its qualifiers and its line: they follow from the rest."""
    complete = dataclasses.replace(
        verdict, resampled=resampled(verdict, better=better), qualifiers=qualifiers(verdict, better=better)
    )
    return dataclasses.replace(complete, line=sentence(complete))


def failures_only(contrast: Contrast, claim: Claim, *, bounded: bool) -> str:
    """Why a claim has no verdict but on the rate of failures; empty where it has.

    That is so where an arm of an unbounded response has fewer than five surviving replicates, or where no number
    stands in for a trial that diverged: what is left would be a verdict on the penalty, or on the survivors.
    """
    arms = tuple(zip(sides(claim), (contrast.failed_arm, contrast.failed_reference), strict=True))
    survived = contrast.survived_arm, contrast.survived_reference
    if not contrast.diverged_arm + contrast.diverged_reference:
        return ""
    few = not bounded and any(count is not None and count < TEST_FROM for count in survived)
    if not few and not contrast.unscored:
        return ""
    reason = (
        f"an unbounded response takes {TEST_FROM} surviving replicates in each arm"
        if few
        else "diverged trainings have no score"
    )
    rates = ", ".join(f"{name} diverged in {_rate(failed)}" for name, failed in arms if failed and failed.n)
    return f"{reason}; of trainings, {rates}"


def _rate(failed: Proportion) -> str:
    interval = failed.interval
    if interval is None or interval.low is None or interval.high is None:
        return f"{failed.k} of {failed.n}"
    return f"{failed.k} of {failed.n} ({100 * interval.level:g}% CI {interval.low:.0%} to {interval.high:.0%})"


def _evidence(claim: Claim, paired: Paired, better: Better, baseline: Values | None) -> Evidence | None:
    if paired.n < TEST_FROM or paired.identical:
        return None
    if claim.relative:
        assert baseline is not None
        held = baseline[list(paired.replicates)]
        return relative_evidence(claim, better=better, differences=np.array(paired.differences), baseline=held)
    assert paired.difference is not None
    assert paired.sd is not None
    se = paired.sd / math.sqrt(paired.n)
    return evidence(claim, better=better, difference=paired.difference.value, se=se, df=paired.n - 1)


def _share(claim: Claim, paired: Paired, baseline: Values | None) -> Share | None:
    """The difference as a share of the baseline's mean; None where the margin is none, or under three replicates."""
    if not claim.relative or baseline is None or paired.n < INTERVAL_FROM:
        return None
    held, differences = baseline[list(paired.replicates)], np.array(paired.differences)
    if not mean(held) > 0:
        return None
    spread = sd(held), sd(differences)
    correlation = float(np.corrcoef(held, differences)[0, 1]) if all(spread) and not paired.identical else 0.0
    found = Share(
        baseline=mean(held),
        baseline_sd=spread[0],
        correlation=correlation,
        interval=Interval(value=mean(differences) / mean(held)),
    )
    return _share_at(found, mean(differences), 0.0 if paired.identical else spread[1], paired.n, claim.alpha)


def _share_at(share: Share, difference: float, spread: float, n: int, level: float) -> Share:
    """The same with the interval at a one-sided level; without ends where all differences are equal."""
    if not spread:
        return share
    interval = ratio_interval(
        difference,
        share.baseline,
        sds=(spread, share.baseline_sd),
        correlation=share.correlation,
        n=n,
        level=1 - 2 * level,
    )
    return dataclasses.replace(share, interval=interval)


def _outcome(claim: Claim, paired: Paired, found: Evidence | None) -> Outcome | None:
    if found is not None:
        return decide(found, alpha=claim.alpha)
    return None if paired.n < TEST_FROM else "inconclusive"


def _interval(claim: Claim, paired: Paired) -> Interval | None:
    if paired.n < INTERVAL_FROM:
        return None
    tolerance = math.inf if paired.identical else 0.0
    return t_interval(np.array(paired.differences), level=1 - 2 * claim.alpha, tolerance=tolerance)


def _widened(verdict: Verdict, level: float) -> Interval | None:
    """The interval at another one-sided level; as it is where it has no ends."""
    interval, n = verdict.interval, verdict.n
    if interval is None or interval.low is None or verdict.sd is None or level == verdict.claim.alpha:
        return interval
    half = t_quantile(1 - level, n - 1) * verdict.sd / math.sqrt(n)
    value = interval.value
    return dataclasses.replace(interval, low=value - half, high=value + half, level=1 - 2 * level)


def _widened_share(verdict: Verdict, level: float) -> Share | None:
    """The share with its interval at another one-sided level."""
    if verdict.share is None or verdict.interval is None or not verdict.sd:
        return verdict.share
    return _share_at(verdict.share, verdict.interval.value, verdict.sd, verdict.n, level)


def _needed(verdict: Verdict, better: Better, alpha: float) -> Needed:
    """From one end of the 80% interval of the difference to the other, as if the true SD were the observed one."""
    assert verdict.interval is not None
    assert verdict.sd is not None
    claim, n = verdict.claim, verdict.n
    margin = verdict.margin / verdict.sd
    effect = direction(claim, better=better) * verdict.interval.value / verdict.sd
    half = t_quantile((1 + NEEDED_LEVEL) / 2, n - 1) / math.sqrt(n)
    undecidable = (-margin, margin) if claim.is_equivalence else (-margin,) * (claim.expect == "no_worse")
    if any(abs(bound - effect) <= half for bound in undecidable):
        return Needed(on_margin=True)
    found = [needed(claim.expect, n, margin=margin, effect=end, alpha=alpha) for end in (effect - half, effect + half)]
    low, high = sorted(found, key=lambda more: math.inf if more is None else more)
    return Needed(low=low, high=high, looks=() if high is None else suggested(high))


def _remarks(
    claim: Claim, survivors: Paired | None, spared: Outcome | None, resolution: Resolution | None
) -> Iterator[str]:
    if survivors is not None and spared is None:
        yield (
            f"Trials diverged and are scored; with {survivors.n} {unit(claim, survivors.n)} of survivors only there is "
            "no second verdict to compare this one with."
        )
    in_units = claim.scale == "identity" and not claim.relative and not claim.interaction
    if resolution is not None and in_units and (remark := resolution.remark(claim.margin)):
        yield f"The claim has {remark}"
