"""The chances of a claim: how likely each outcome is, given the truth and the number of replicates."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ablate.analysis.statistics.distribution import normal_cdf, t_quantile
from ablate.analysis.statistics.power import fewest
from ablate.analysis.statistics.student import Values
from ablate.config.spec import Expectation

NODES = 64
SD_RANGE = 7.0
"""An SD estimated on df degrees of freedom is further than 7 / √df from the true one less often than 1e-10."""


@dataclass(frozen=True, kw_only=True)
class Chances:
    """The probability of each outcome."""

    supported: float
    contradicted: float
    equivalent: float

    @property
    def inconclusive(self) -> float:
        """The probability of none of them."""
        return max(0.0, 1 - self.supported - self.contradicted - self.equivalent)


def chances(expect: Expectation, n: int, *, margin: float, effect: float, alpha: float = 0.05) -> Chances:
    """How a claim ends, with n ≥ 2 replicates and normal differences.

    Given the sample SD, the mean difference is normal and each outcome an interval of it; these are integrated
    over the distribution of the sample SD. Exact but for the quadrature, whose error is under 1e-8.

    Args:
        expect: what is claimed.
        n: replicates.
        margin: in true SDs of the differences.
        effect: the true difference in the same unit, positive in the direction that speaks for the claim.
        alpha: of the claim.
    """
    critical, root = t_quantile(1 - alpha, n - 1), math.sqrt(n)
    # The interval's half-width grows with the sample SD; where it passes m/2 and m, the outcomes' bounds have a kink.
    kinks = tuple(part * margin * root / critical for part in (0.5, 1.0))
    spread, weights = _sample_sd(n - 1, kinks)
    half = critical / root * spread
    room = margin - half

    def above(bound: Values) -> Values:
        return normal_cdf((effect - bound) * root)

    def below(bound: Values) -> Values:
        return normal_cdf((bound - effect) * root)

    inside = np.where(room > 0, below(room) - below(-room), 0.0)
    if expect in ("equivalent", "value"):
        found = inside, above(margin + half) + below(-margin - half), np.zeros_like(inside)
    elif expect == "no_worse":
        found = above(np.abs(room)), below(-margin - half), inside
    else:
        outside = np.maximum(half, room)
        found = above(outside), below(-outside), inside
    supported, contradicted, equivalent = (float(np.dot(weights, probability)) for probability in found)
    return Chances(supported=supported, contradicted=contradicted, equivalent=equivalent)


def needed(expect: Expectation, n: int, *, margin: float, effect: float, alpha: float = 0.05) -> int | None:
    """The fewest replicates, more than n, with which the claim does not end inconclusive, with probability 80%.

    The arguments are those of `chances`. None where even 1000 would leave it open.
    """
    return fewest(
        lambda more: 1 - chances(expect, more, margin=margin, effect=effect, alpha=alpha).inconclusive, above=n
    )


def _sample_sd(df: int, kinks: tuple[float, ...]) -> tuple[Values, Values]:
    """Places and weights that integrate over the sample SD, in true SDs, piece by piece between kinks."""
    low, high = max(0.0, 1 - SD_RANGE / math.sqrt(df)), 1 + SD_RANGE / math.sqrt(df)
    edges = np.array([low, *(kink for kink in kinks if low < kink < high), high])
    unit, unit_weights = _legendre()
    width = np.diff(edges)[:, None]
    places = (edges[:-1, None] + width * unit).ravel()
    constant = math.log(2) + df / 2 * math.log(df / 2) - math.lgamma(df / 2)
    density = np.exp(constant + (df - 1) * np.log(places) - df / 2 * places**2)
    return places, (width * unit_weights).ravel() * density


@lru_cache(maxsize=1)
def _legendre() -> tuple[Values, Values]:
    """Gauss–Legendre places and weights on (0, 1)."""
    places, weights = np.polynomial.legendre.leggauss(NODES)
    return (places + 1) / 2, weights / 2
