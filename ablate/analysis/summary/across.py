"""What a claim across data sets rests on: an effect for each data set, their spread, and ranks."""

from dataclasses import dataclass

from ablate.analysis.summary.estimate import Interval, SignFlip


@dataclass(frozen=True, kw_only=True)
class SetEffect:
    """A claim's difference on one data set."""

    level: str
    """The data set: a level of the factor."""
    n: int
    """Replicates that have both arms."""
    mean_arm: float | None
    """In the response's units."""
    mean_reference: float | None
    difference: Interval | None
    """On the claim's scale, over the replicates, at the level of the claim by itself; None without a replicate."""
    sd: float | None
    """Of the differences of the replicates."""


@dataclass(frozen=True, kw_only=True)
class Ranks:
    """All levels of the compared factor, ranked on each data set: Demšar (2006)."""

    levels: tuple[str, ...]
    average: tuple[float, ...]
    """The mean rank of each level; 1 is the best."""
    sets: int
    friedman: float | None
    """χ² over the number of levels − 1; None with under five data sets, where no test is made."""
    friedman_p: float | None
    iman_davenport: float | None
    """F; None where it is infinite, too: all data sets then rank all levels alike, and p is 0."""
    iman_davenport_p: float | None
    critical_difference: float | None
    """Nemenyi's, at 5%: of two levels' mean ranks, over all pairs."""


@dataclass(frozen=True, kw_only=True)
class Across:
    """What a claim across data sets rests on (Demšar, 2006, sections 3.1 and 3.2)."""

    factor: str
    sets: tuple[SetEffect, ...]
    """In the order of the factor's levels."""
    marginal: Interval | None
    """The mean over these very data sets, with its t interval over the replicates: of other trainings on them."""
    between: float | None
    """The SD of the true differences over data sets, by moments: what of their spread is not due to the replicates.
    None where the replicates of a data set are under two, or the data sets are."""
    noise: float | None
    """The standard error of one data set's mean difference, root mean square over the data sets."""
    signed_rank: SignFlip | None
    """Wilcoxon's, over the data sets; None with under five."""
    ranks: Ranks | None
    """None where a level has no score on a data set."""
    limit: str
    """What cannot be concluded from so few data sets; empty from five on."""
