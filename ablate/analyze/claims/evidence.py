"""The evidence on a claim: one-sided p values, and the outcome that they lead to.

Rule (c) of STATISTICS.md is written in intervals; here it stands in p values, which is the same rule and can be
adjusted for many claims. The (1 − 2α) t interval is wholly above a bound exactly where the one-sided p against that
bound is under α.
"""

from typing import get_args

from ablate.analyze.claims.claim import direction
from ablate.analyze.statistics.distribution import t_cdf
from ablate.analyze.summary import Evidence, Outcome
from ablate.config.spec import Better, Claim

OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


def evidence(claim: Claim, *, better: Better, difference: float, se: float, df: int) -> Evidence:
    """Weighs a mean difference with its SE on a t of `df` degrees of freedom.

    By a one-sided t against 0 (`greater`, `less`), against the margin on the worse side (`no_worse`), or two of them
    against both margins (`equivalent`: Schuirmann 1987, J. Pharmacokinet. Biopharm. 15).
    """
    x, margin = direction(claim, better=better) * difference, claim.margin

    def above(bound: float) -> float:
        return t_cdf((bound - x) / se, df)

    def below(bound: float) -> float:
        return t_cdf((x - bound) / se, df)

    inside = max(above(-margin), below(margin))
    if claim.expect == "equivalent":
        beyond = min(above(margin), below(-margin))
        return Evidence(supported=inside, contradicted=beyond, equivalent=None, strong=None)
    null = -margin if claim.expect == "no_worse" else 0.0
    return Evidence(supported=above(null), contradicted=below(null), equivalent=inside, strong=above(margin))


def decide(evidence: Evidence, *, alpha: float) -> Outcome:
    """The outcome: `equivalent` before all else, whatever was claimed."""
    if evidence.equivalent is not None and evidence.equivalent < alpha:
        return "equivalent"
    if evidence.supported < alpha:
        return "supported"
    return "contradicted" if evidence.contradicted < alpha else "inconclusive"


def is_strong(evidence: Evidence, *, alpha: float) -> bool:
    """Whether the claim is supported beyond its margin."""
    return decide(evidence, alpha=alpha) == "supported" and evidence.strong is not None and evidence.strong < alpha
