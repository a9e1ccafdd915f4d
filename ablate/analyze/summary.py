"""What an analysis says, as frozen values that go to JSON and back: a point and an interval each."""

from collections.abc import Mapping
from dataclasses import dataclass

from ablate.config.spec import Better
from ablate.store.record import State


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
    """Two arms compared replicate by replicate: STATISTICS.md (a). Fields that n does not carry are None.

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
    """`main effect` (averaged over the other factors), `simple` (the other factors held), `point`."""
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


@dataclass(frozen=True, kw_only=True)
class PointSummary:
    """One design point: its responses per replicate, and what the network costs."""

    levels: Mapping[str, str]
    baseline: bool
    planned: int
    values: tuple[float, ...]
    """One per finished replicate, diverged ones scored as STATISTICS.md (e) says."""
    replicates: tuple[int, ...]
    mean: Interval | None
    sd: float | None
    difference: Contrast | None
    """From the baseline (or, in a leave-one-out design, from the point that has every factor changed)."""
    diverged: Proportion
    failed: int
    missing: int
    parameters: int | None
    flops: int | None
    seconds: float | None
    """Mean wall seconds of a training."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A trial that did not complete."""

    id: str
    levels: Mapping[str, str]
    replicate: int
    state: State
    error: str
    traceback: str | None
    """File under the study's directory."""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What came out of a study."""

    study: str
    question: str
    design: str
    response: str
    better: Better
    replicates: int
    planned: int
    complete: int
    diverged: int
    failed: int
    missing: int
    points: tuple[PointSummary, ...]
    contrasts: tuple[Contrast, ...]
    failures: tuple[Failure, ...]
    notes: tuple[str, ...]
    """What a reader must know: design, imputation, resolution, aliases, conventions of small n."""
    scope: str
    command: str = ""
    """What makes these results be there."""
    made_by: tuple[str, ...] = ()
    """Versions, device and commit that trained them, and how many: a line for each that differs."""
