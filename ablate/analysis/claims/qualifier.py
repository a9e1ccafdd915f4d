"""The qualifiers of a verdict: what limits it, wherever it is shown."""

from collections.abc import Iterator

from ablate.analysis.summary import TEST_FROM, Qualifier, Verdict
from ablate.analysis.summary.averaged import AVERAGED
from ablate.config.spec import Better

UNSEEN = 0.05
"""The probability with which a rate of collapses as large as is said would not have shown in any replicate."""
FEW = 0.1
"""A number of replicates is small where a rate of collapses of more than this would often not show."""
SKEWED = ((5, 0.16), (10, 0.13), (40, 0.09))
"""Replicates, and the one-sided error rate of a t test at .05 on the side away from the tail of exponentially
distributed differences, by simulation: one arm normal with little spread, the other exponential."""


LEAST_SKEWED = SKEWED[-1][0]
"""Data sets under which the error rate of a t test may be that far off."""


def unseen_collapses(n: int) -> float:
    """The largest rate at which trainings collapse that shows in none of n of them with probability 5%."""
    return 1 - UNSEEN ** (1 / n)


def qualifiers(verdict: Verdict, *, better: Better) -> tuple[Qualifier, ...]:
    """What limits a verdict whose outcome is known, the gravest first.

    Args:
        verdict: all of it but its qualifiers and its line.
        better: direction of the response.
    """
    return tuple(_found(verdict, better))


def _found(verdict: Verdict, better: Better) -> Iterator[Qualifier]:
    if verdict.claim.after:
        yield Qualifier(name="exploratory", text=f"given after {verdict.claim.after} trials", heads=False)
    if verdict.outcome is None:
        return
    if verdict.untrained:
        yield Qualifier(name="untrained", text=verdict.untrained)
    if verdict.unreached:
        yield Qualifier(name="unreached", text=verdict.unreached)
    if verdict.mixed_code:
        yield Qualifier(name="mixed code", text=verdict.mixed_code)
    if verdict.failure_sensitive:
        yield Qualifier(
            name="failure-sensitive",
            text=(f"{verdict.alone} where diverged trials are scored, {verdict.survivors} among the survivors only"),
        )
    if verdict.extended is not None:
        *before, last = verdict.extended.ns
        yield Qualifier(
            name="extended",
            text=(
                f"to n = {last} after a look at n = {' and '.join(map(str, before))}, without a plan, so that at "
                f"alpha = {verdict.claim.alpha:g} false support has probability up to "
                f"{verdict.extended.false_support:.3f}, and false contradiction up to "
                f"{verdict.extended.false_contradiction:.3f}"
            ),
        )
    if side := _side(verdict, better):
        yield Qualifier(name=f"{side}, within the margin", text="the interval excludes 0")
    if verdict.untuned:
        yield Qualifier(name="untuned", text=verdict.untuned, heads=False)
    if verdict.averaged is not None:
        yield Qualifier(name=AVERAGED, text=verdict.averaged.text, heads=False)
    if verdict.across is not None and verdict.n < LEAST_SKEWED:
        yield Qualifier(
            name="few data sets",
            text=(
                f"{verdict.n} of them, taken as a sample of data sets like these; with skewed differences an error of "
                f"5% may be one of {_skewed(verdict.n):.0%}"
            ),
            heads=False,
        )
    elif (
        verdict.across is None
        and not verdict.diverged
        and verdict.n >= TEST_FROM
        and (rate := unseen_collapses(verdict.n)) > FEW
    ):
        yield Qualifier(
            name="small n",
            text=(
                f"an arm that collapsed in 0 of {verdict.n} replicates may collapse in up to {rate:.0%} of them, "
                f"and with skewed differences an error of 5% may be one of {_skewed(verdict.n):.0%}"
            ),
            heads=False,
        )


def _side(verdict: Verdict, better: Better) -> str:
    """Whether what is equivalent is known to be better or worse, all the same; an interaction has a sign only."""
    is_equivalent = verdict.outcome == "equivalent" or (verdict.outcome == "supported" and verdict.claim.is_equivalence)
    interval = verdict.interval if verdict.share is None else verdict.share.interval
    if not is_equivalent or interval is None or interval.low is None or interval.high is None:
        return ""
    if interval.low <= 0 <= interval.high:
        return ""
    if verdict.claim.interaction:
        return "positive" if interval.low > 0 else "negative"
    return "better" if (interval.low > 0) == (better == "higher") else "worse"


def _skewed(n: int) -> float:
    """The error rate at the next smaller n that was simulated."""
    return next(rate for simulated, rate in reversed(SKEWED) if simulated <= n)
