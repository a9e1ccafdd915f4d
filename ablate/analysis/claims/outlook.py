"""The outlook of a claim: the power of its verdict, before any training."""

from dataclasses import dataclass

from ablate.analysis.claims.chances import Chances, chances
from ablate.analysis.claims.claim import check_claim, unit
from ablate.analysis.statistics.power import fewest, smallest
from ablate.analysis.summary import TEST_FROM
from ablate.config.spec import Claim, Expectation

TARGET_POWER = 0.8
"""The power that counts as sufficient."""
MIN_NAMED_CHANCE = 0.005
"""The smallest probability that a line names."""
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
    equal: Chances
    """Of each outcome, with truly equal arms: by the rule as a whole, in which equivalence comes first."""
    different: Chances
    """Of each outcome, with a true difference of `effect_sd` in the claimed direction."""
    smallest_effect_sd: float
    """The smallest true difference for which `greater` or `less` is supported with 80%."""
    smallest_margin_sd: float
    """The smallest margin inside which truly equal arms are found to be with 80% (two one-sided tests)."""
    suggested: int | None
    """The fewest replicates, from 5, for which `shown` is 80%; None where 1000 are too few."""

    equality: str = "truly equal arms"
    """What it is that the difference is 0: no interaction, or a mean that is the stated value."""
    spread: str = "the differences"
    """What the SD is of."""
    unit: str = "replicates"
    """What n counts."""

    @property
    def shown(self) -> float:
        """The probability that the claim is shown if it is true.

        For `greater` and `less` that it is supported, with a true difference of `effect_sd`; with truly equal arms, for
        `equivalent` that it is supported and for `no_worse` that it is supported or equivalent.
        """
        return _shown(self.expect, self.different if self.expect in DIRECTED else self.equal)

    @property
    def line(self) -> str:
        """The outlook in a line."""
        power = f"{TARGET_POWER:.0%}"
        if self.expect in DIRECTED:
            truth = f"a true difference of {self.effect_sd:.3g} SD"
            limit = f"the smallest difference found with {power} is {self.smallest_effect_sd:.2f} SD"
        else:
            truth = self.equality
            limit = f"the smallest margin for which equality is found with {power} is {self.smallest_margin_sd:.2f} SD"
        enough = f"{'more than 1000' if self.suggested is None else self.suggested} {self.unit}"
        n = f"n = {self.n}{f' {self.unit}' if self.unit != 'replicates' else ''}"
        return (
            f"{n}, margin {self.margin_sd:.3g} SD of {self.spread}: {self.equal.inconclusive:.0%} of "
            f"{self.equality} end inconclusive; the claim is shown, given {truth}, with probability {self.shown:.0%}, "
            f"and takes {enough} for {power}; {limit}; given {self.equality} it ends {_listed(self.equal)}; given "
            f"a true difference of {self.effect_sd:.3g} SD, {_listed(self.different)}"
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

    def ends(replicates: int, effect: float) -> Chances:
        return chances(claim.expect, replicates, margin=margin_sd, effect=effect, alpha=alpha)

    def equal(margin: float) -> float:
        return chances("equivalent", n, margin=margin, effect=0.0, alpha=alpha).supported

    directed: Expectation = claim.expect if claim.expect in DIRECTED else "greater"
    true = effect_sd if claim.expect in DIRECTED else 0.0
    equality, spread = "truly equal arms", "the differences"
    if claim.interaction:
        equality, spread = "pairs of truly equal differences", "the differences of differences"
    elif claim.value is not None:
        equality, spread = "points that truly have the stated value", "the point's values"
    elif claim.across:
        equality, spread = "arms that are equal in the mean over data sets", "the data sets' differences"
    return ClaimOutlook(
        unit=unit(claim),
        equality=equality,
        spread=spread,
        expect=claim.expect,
        n=n,
        alpha=alpha,
        margin_sd=margin_sd,
        effect_sd=effect_sd,
        equal=ends(n, 0.0),
        different=ends(n, effect_sd),
        smallest_effect_sd=smallest(
            lambda effect: chances(directed, n, margin=margin_sd, effect=effect, alpha=alpha).supported,
            target=TARGET_POWER,
        ),
        smallest_margin_sd=smallest(equal, target=TARGET_POWER),
        suggested=fewest(
            lambda replicates: _shown(claim.expect, ends(replicates, true)), above=TEST_FROM - 1, target=TARGET_POWER
        ),
    )


def _shown(expect: Expectation, ends: Chances) -> float:
    return ends.supported + (ends.equivalent if expect == "no_worse" else 0.0)


def _listed(ends: Chances) -> str:
    """The outcomes that come about in a percent of studies or more."""
    found = {
        "supported": ends.supported,
        "equivalent": ends.equivalent,
        "contradicted": ends.contradicted,
        "inconclusive": ends.inconclusive,
    }
    return ", ".join(f"{name} {chance:.0%}" for name, chance in found.items() if chance >= MIN_NAMED_CHANCE)
