"""A point with its interval, two arms compared pair by pair, and a contrast of them."""

from collections.abc import Mapping
from dataclasses import dataclass

INTERVAL_FROM = 3
"""Replicates from which there is an interval."""

TEST_FROM = 5
"""Replicates from which there is a p."""


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A point and its interval, or a point alone where there are under three values, or all are equal."""

    value: float
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    method: str = "t"
    """How the interval was made: `t` (Student), `clopper-pearson`, `welch`."""


@dataclass(frozen=True, kw_only=True)
class Proportion:
    """A count k of n, with its Clopper–Pearson interval (None where n is 0, or too small to say more)."""

    k: int
    n: int
    interval: Interval | None


@dataclass(frozen=True, kw_only=True)
class SignFlip:
    """The sign-flip test of a zero median difference: exact by enumeration to n = 16, Monte Carlo above."""

    p: float
    floor: float
    """The smallest p that it could have given at this n, ties apart."""
    exact: bool


@dataclass(frozen=True, kw_only=True)
class Paired:
    """Two arms compared replicate by replicate. Fields that n does not allow are None.

    Differences are arm − reference, in the response's units, whichever direction is better. Wins, losses and
    `superiority` go by what is better: a win is a replicate in which the arm is.
    """

    n: int
    dropped: int
    """Planned replicates left out, never shifted: a trial is missing or, among survivors, diverged."""
    replicates: tuple[int, ...]
    arm: tuple[float, ...]
    reference: tuple[float, ...]
    differences: tuple[float, ...]
    mean_arm: float | None
    mean_reference: float | None
    difference: Interval | None
    sd: float | None
    """Of the differences (n − 1 in the denominator)."""
    correlation: float | None
    """Of the pairs: what pairing bought."""
    wins: int
    ties: int
    losses: int
    superiority: Proportion
    """Estimates how often the arm is better than the reference: wins among the non-ties."""
    t: float | None
    p: float | None
    """Paired t, two-sided."""
    sign_flip: SignFlip | None
    detectable: float | None
    """Smallest true difference that a two-sided 5% paired t at this n finds with 80% power, given this SD."""
    welch: Interval | None
    """Sensitivity line, where the correlation is negative."""
    identical: bool
    """All differences are equal: there is no interval and no p."""


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """A level against the reference level of its factor, or a design point against the baseline."""

    name: str
    kind: str
    """`main effect` (averaged over the other factors), `simple` (the factors in `held` held, averaged over any
    others), `point`, `interaction` (half the difference of two differences), `difference of differences` (all of it; of
    both, wins and losses mean nothing), `value` (a design point against a number)."""
    levels: Mapping[str, str]
    """What the arm has that the reference has not: factor → level."""
    against: Mapping[str, str]
    held: Mapping[str, str]
    """The other factors' levels, where they are held."""
    paired: Paired
    survivors: Paired | None
    """The same without replicates in which an arm diverged; None where none did."""
    diverged_arm: int
    diverged_reference: int
    failed_arm: Proportion | None = None
    """Trials of the arm that diverged, of those that finished."""
    failed_reference: Proportion | None = None
    survived_arm: int | None = None
    """Replicates in which all trials of the arm completed."""
    survived_reference: int | None = None
    unscored: int = 0
    """Diverged trials of both sides that no number stands in for."""
    q: float | None = None
    """Benjamini–Hochberg over the contrasts that no claim speaks of: exploratory. None where a claim does."""
    shared_parameters: int | None = None
    """Parameters of the same name and shape in both arms; None: not known."""
    equal_parameters: int | None = None
    """Those of them that start equal in a replicate."""
    aliases: str = ""
    """The effects that share its column in a fraction, signed: `a·b = c·d`; empty where it has one of its own."""
