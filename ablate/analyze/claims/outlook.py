"""The outlook of a claim: the power of its verdict, before any training."""

from dataclasses import dataclass

from ablate.analyze.claims.chances import chances
from ablate.analyze.claims.claim import check_claim
from ablate.analyze.statistics.paired import TEST_FROM
from ablate.analyze.statistics.power import fewest, smallest, superiority
from ablate.config.spec import Claim, Expectation

TARGET = 0.8
"""The power that counts as sufficient."""
DIRECTED: tuple[Expectation, ...] = ("greater", "less")


@dataclass(frozen=True, kw_only=True)
class ClaimOutlook:
    """The power and precision of n replicates for one claim, if the differences are normal.

    Sizes are in true SDs of the differences, which are not known beforehand.
    """

    expect: Expectation
    n: int
    alpha: float
    """That each test has: the claim's, shared with the family."""
    margin_sd: float
    effect_sd: float
    superiority: float
    """The probability that a true difference of `effect_sd` is found to have its sign (one-sided paired t)."""
    equivalence: float
    """The probability that truly equal arms are found to be inside the margin (two one-sided tests)."""
    inconclusive: float
    """The probability that truly equal arms leave the claim open."""
    smallest_effect_sd: float
    """The smallest true difference that has `superiority` 80%."""
    smallest_margin_sd: float
    """The smallest margin that has `equivalence` 80%."""
    shown: float
    """The probability that the claim is shown if it is true: with a true difference of `effect_sd` for `greater` and
    `less`, with truly equal arms for `equivalent` and `no_worse`."""
    suggested: int | None
    """The fewest replicates, from 5, that make this 80%; None where 1000 are too few."""

    @property
    def line(self) -> str:
        """The outlook in a line."""
        if self.expect in DIRECTED:
            truth = f"a true difference of {self.effect_sd:.3g} SD"
            limit = f"the smallest difference found with {TARGET:.0%} is {self.smallest_effect_sd:.2f} SD"
        else:
            truth = "truly equal arms"
            limit = (
                f"the smallest margin for which equality is found with {TARGET:.0%} is {self.smallest_margin_sd:.2f} SD"
            )
        enough = "more than 1000 replicates" if self.suggested is None else f"{self.suggested} replicates"
        return (
            f"n = {self.n}, margin {self.margin_sd:.3g} SD of the differences: {self.inconclusive:.0%} of truly equal "
            f"arms end inconclusive; the claim is shown, given {truth}, with probability {self.shown:.0%}, and takes "
            f"{enough} for {TARGET:.0%}; {limit}"
        )


def outlook(claim: Claim, n: int, *, margin_sd: float, effect_sd: float, family: int = 1) -> ClaimOutlook | None:
    """Foresees the verdict on a claim; None with fewer than five replicates, which give no verdict.

    Args:
        claim: its own margin, being in the response's units, is not used.
        n: replicates.
        margin_sd: the claim's margin in SDs of the differences.
        effect_sd: a true difference in the claimed direction, in the same unit; 0 or more.
        family: how many claims are stated. The tests have α / family, which is what the first step of Holm leaves.

    Raises:
        ConfigError: the claim's margin or α states nothing.
    """
    check_claim(claim)
    if n < TEST_FROM:
        return None
    alpha = claim.alpha / family

    def found(replicates: int, effect: float) -> float:
        return superiority(effect, replicates, alpha=alpha)

    def equal(replicates: int, margin: float) -> float:
        return chances("equivalent", replicates, margin=margin, effect=0.0, alpha=alpha).supported

    def shown(replicates: int) -> float:
        if claim.expect == "equivalent":
            return equal(replicates, margin_sd)
        # Equal arms are no worse by the margin as surely as a difference of the margin is found.
        return found(replicates, margin_sd if claim.expect == "no_worse" else effect_sd)

    return ClaimOutlook(
        expect=claim.expect,
        n=n,
        alpha=alpha,
        margin_sd=margin_sd,
        effect_sd=effect_sd,
        superiority=found(n, effect_sd),
        equivalence=equal(n, margin_sd),
        inconclusive=chances(claim.expect, n, margin=margin_sd, effect=0.0, alpha=alpha).inconclusive,
        smallest_effect_sd=smallest(lambda effect: found(n, effect), target=TARGET),
        smallest_margin_sd=smallest(lambda margin: equal(n, margin), target=TARGET),
        shown=shown(n),
        suggested=fewest(shown, above=TEST_FROM - 1, target=TARGET),
    )
