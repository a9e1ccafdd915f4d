"""The evidence on a claim: one-sided p values, and the outcome that they lead to.

docs/verdicts.md states the rule in intervals; here it is in p values, which is the same rule and can be
adjusted for many claims. The (1 − 2α) t interval is wholly above a bound exactly where the one-sided p against that
bound is under α.
"""

import math
from collections.abc import Callable
from typing import get_args

from ablate.analysis.claims.claim import direction
from ablate.analysis.statistics.distribution import t_cdf
from ablate.analysis.statistics.student import Values, mean, sd
from ablate.analysis.summary import Evidence, Outcome
from ablate.config.spec import Better, Claim

OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


def evidence(claim: Claim, *, better: Better, difference: float, se: float, df: int) -> Evidence:
    """Weighs a mean difference with its SE on a t of `df` degrees of freedom.

    By a one-sided t against 0 (`greater`, `less`), against the margin on the worse side (`no_worse`), or two of them
    against both margins (`equivalent`, `value`: Schuirmann 1987, J. Pharmacokinet. Biopharm. 15).
    """
    x = direction(claim, better=better) * difference
    return _by_t(claim, lambda margins: (x - margins * claim.margin, se), df)


def relative_evidence(claim: Claim, *, better: Better, differences: Values, baseline: Values) -> Evidence:
    """The same where the margin is a share of the baseline's mean, which is known from its replicates only.

    In the place of a bound stands a share of the baseline in each replicate: the t is that of the differences beyond
    it, so that the margin's own error counts (Hauschke, Kieser, Diletti & Burke 1999, Statist. Med. 18).

    Args:
        claim: its margin is a share.
        better: direction of the response.
        differences: shape (n,), arm − reference.
        baseline: of the same replicates.
    """
    x = direction(claim, better=better) * differences

    def beyond(margins: int) -> tuple[float, float]:
        left = x - margins * claim.margin * baseline
        return mean(left), sd(left) / math.sqrt(len(left))

    return _by_t(claim, beyond, len(differences) - 1)


def _by_t(claim: Claim, beyond: Callable[[int], tuple[float, float]], df: int) -> Evidence:
    """The difference minus a number of margins, with its SE; a positive value supports the claim."""

    def above(margins: int) -> float:
        left, se = beyond(margins)
        return t_cdf(-left / se, df) if se > 0 else 1.0

    def below(margins: int) -> float:
        left, se = beyond(margins)
        return t_cdf(left / se, df) if se > 0 else 1.0

    return weighed(claim, above=above, below=below)


def weighed(claim: Claim, *, above: Callable[[int], float], below: Callable[[int], float]) -> Evidence:
    """The evidence from one-sided p.

    Args:
        claim: says which of them count.
        above: number of margins → p for a difference, on the claimed side, that is not above that many.
        below: the same for one that is not below.
    """
    inside = max(above(-1), below(1))
    if claim.is_equivalence:
        outside = min(above(1), below(-1))
        return Evidence(supported=inside, contradicted=outside, equivalent=None, strong=None)
    null = -1 if claim.expect == "no_worse" else 0
    return Evidence(supported=above(null), contradicted=below(null), equivalent=inside, strong=above(1))


def decide(evidence: Evidence, *, alpha: float) -> Outcome:
    """The outcome. `equivalent` is tested first, whatever was claimed."""
    if evidence.equivalent is not None and evidence.equivalent < alpha:
        return "equivalent"
    if evidence.supported < alpha:
        return "supported"
    return "contradicted" if evidence.contradicted < alpha else "inconclusive"


def is_strong(evidence: Evidence, *, alpha: float) -> bool:
    """Whether the claim is supported beyond its margin."""
    return decide(evidence, alpha=alpha) == "supported" and evidence.strong is not None and evidence.strong < alpha
