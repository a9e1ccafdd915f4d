"""What an analysis says, as frozen values that go to JSON and back: a point and an interval each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ablate.config.spec import Better, Capacity, Claim
from ablate.identities.identity import Identity
from ablate.store.record import State

Outcome = Literal["supported", "contradicted", "equivalent", "inconclusive"]


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
    """`main effect` (averaged over the other factors), `simple` (the factors in `held` held, averaged over any
    others), `point`, `interaction` (half the difference of two differences: wins and losses mean nothing there)."""
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
    q: float | None = None
    """Benjamini–Hochberg over the contrasts that no claim speaks of: exploratory. None where a claim does."""
    aliases: str = ""
    """The effects that share its column in a fraction, signed: `a·b = c·d`; empty where it has one of its own."""


@dataclass(frozen=True, kw_only=True)
class Interaction:
    """Two factors, and whether the effect of one depends on the level of the other: STATISTICS.md (b)."""

    factors: tuple[str, str]
    contrasts: tuple[Contrast, ...]
    """Each level of the first with each of the second, both against their references."""
    q: tuple[float | None, ...]
    """One per contrast, Benjamini–Hochberg over all interactions of the study; None where it has no p."""
    notable: bool | None
    """Not negligible: a q is at most 5%. None where none is, and a contrast has no p."""
    simple: tuple[Contrast, ...]
    """Where notable: each factor's levels against its reference, with the other factor held at each of its levels.
    None of them where a fraction aliases the two factors' effects with others."""
    note: str
    """Where notable: what it does to the main effects."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """One source of variation: a line of a variance table. Fields that the design does not carry are None."""

    name: str
    """An effect as in alias structures, `a` or `a·b`; else `replicate` or `residual`."""
    factors: tuple[str, ...]
    """Of the effect; empty for the replicate and the residual."""
    ss: float
    """Sum of squares, in the response's units squared."""
    df: int
    share: float
    """Of the total sum of squares."""
    noise_share: float
    """The share expected if there were nothing but noise: df / (N − 1)."""
    omega_squared: float | None = None
    """What the effect would explain without the noise in its share; never under 0. None for the replicate, which is
    random, and the residual."""
    f: float | None = None
    """Against the pooled residual."""
    p: float | None = None
    """Of F, with five replicates or more."""
    aliases: str = ""
    """As in `Contrast`."""

    @property
    def mean_square(self) -> float:
        """In the response's units squared."""
        return self.ss / self.df


@dataclass(frozen=True, kw_only=True)
class VarianceTable:
    """What the sum of squares of a balanced design divides into: STATISTICS.md (b).

    The error term of F is the pooled residual, which takes all cells to vary alike. Verdicts rest on the other
    error term, each contrast's own t over the replicates.
    """

    replicates: tuple[int, ...]
    """Those that have all their trials."""
    dropped: int
    """Planned replicates left out whole, because a trial is missing."""
    replicate: Source | None
    """The block: what pairing takes out of the noise. None with a single replicate."""
    effects: tuple[Source, ...]
    """Main effects, then interactions, lowest orders first; one per column where effects are aliased."""
    residual: Source | None
    """None where nothing is left over: one replicate, and no effect pooled."""
    pooled: tuple[str, ...]
    """The effects that the residual includes, because the study says so."""
    ss: float
    """Total, in the response's units squared."""
    df: int
    """N − 1."""


@dataclass(frozen=True, kw_only=True)
class LenthEffect:
    """An effect in one replicate of a two-level design."""

    name: str
    """`a` or `a·b`."""
    factors: tuple[str, ...]
    aliases: str
    """As in `Contrast`."""
    value: float
    """In the response's units: the mean where the product of the signs is +1 minus the mean where it is −1; the
    reference level counts as −1."""
    beyond_margin: bool
    beyond_simultaneous_margin: bool


@dataclass(frozen=True, kw_only=True)
class Lenth:
    """Lenth's method: which effects stand out of the others, where one replicate leaves no error term. No p."""

    effects: tuple[LenthEffect, ...]
    pse: float
    """Pseudo standard error of an effect, taken from the small effects; in the response's units."""
    df: float
    """Of t: a third of the number of effects."""
    margin: float
    """ME: a noise effect is beyond it with probability 1 − level, each on its own."""
    simultaneous_margin: float
    """SME: any noise effect at all is beyond it with probability 1 − level."""
    level: float = 0.95


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """For each thing that can be found of a claim, the one-sided p of the null that it denies."""

    supported: float
    """The claim's own p: no difference in the claimed direction; for `equivalent`, a difference of the margin or
    more (the larger p of two one-sided tests); for `no_worse`, worse by the margin or more."""
    contradicted: float
    equivalent: float | None
    """None for a claim of equivalence, which has it as `supported`."""
    strong: float | None
    """Supported, and by more than the margin; None for a claim of equivalence."""


@dataclass(frozen=True, kw_only=True)
class Separation:
    """The diagnostic, at one moment of training, that separates a claim's arms most: an association, not a cause."""

    diagnostic: str
    moment: str
    arm: float
    """The mean; geometric, as is that of the reference, for what counts by ratios and is nowhere 0."""
    reference: float
    separation: float
    """The mean difference, paired by replicate, over its SD or the diagnostic's floor; signed as arm − reference."""
    floored: bool
    """The SD is below the floor: the separation is no number of SDs."""
    separates: bool
    """Beyond what chance would give one of all that were looked at in a twentieth of such studies."""
    left_out: tuple[str, ...] = ()
    """Diagnostics that the arms' networks would differ in by definition: not among those that were looked at."""
    line: str
    """The same as a clause that can be quoted."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the data say of a claim: STATISTICS.md (c), (d) and (e).

    The claim's first level is the arm, its second the reference; differences are arm − reference, and `greater` and
    `less` speak of that number, not of what is better.
    """

    claim: Claim
    outcome: Outcome | None
    """`equivalent` is what a claim of a direction can get: the difference is inside the margin. It denies a claim of
    `greater` or `less` that is to matter, and says more than `no_worse` does. A claim of equivalence is `supported`.
    None: too few replicates for a verdict."""
    strong: bool
    """Supported, and the interval is wholly beyond the margin."""
    interval: Interval | None
    """The mean difference, at level 1 − 2α."""
    n: int
    sd: float | None
    """Of the differences."""
    evidence: Evidence | None
    """None where there is no p: too few replicates, or all differences are equal."""
    adjusted: Evidence | None
    """Each p after Holm, among the same p of all stated claims: what decides."""
    family: int
    """How many claims were stated."""
    alone: Outcome | None
    """What the primary analysis says of this claim by itself."""
    survivors: Outcome | None
    """What the survivors only say of it by themselves; None where no trial diverged, or too few replicates survive."""
    failure_sensitive: bool
    """These two differ, so that the verdict hangs on how a diverged trial is scored."""
    needed: int | None
    """So many replicates would probably (80%) decide an inconclusive claim, if difference and SD are what they seem,
    or would carry a verdict at all. None: decided, or no number up to 1000 would."""
    look: int | None = None
    """In a group-sequential plan: the look that decided the claim, or the latest, counted from 1."""
    why: Separation | None = None
    """None where no diagnostic was measured in three replicates of both arms."""
    remarks: tuple[str, ...]
    line: str
    """The verdict in a line that can be quoted."""

    @property
    def p(self) -> float | None:
        """One-sided, of the claim's own null."""
        return None if self.evidence is None else self.evidence.supported

    @property
    def p_holm(self) -> float | None:
        """The same, adjusted for the family."""
        return None if self.adjusted is None else self.adjusted.supported


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
    diagnostics: Mapping[str, Mapping[str, float]] = field(default_factory=dict[str, Mapping[str, float]])
    """Diagnostic → moment → mean over the replicates, geometric for what counts by ratios."""
    activation_bytes: int | None = None
    """Kept by a minibatch's forward pass for the backward pass."""
    latency_seconds: float | None = None
    """Of one example's forward pass in evaluation: warm, alone, the median."""
    width: int | None = None
    """Where capacity is matched: the value that was solved for."""


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
class Exactness:
    """What an identity came to."""

    identity: Identity
    difference: float | None
    """Absolute; None where no finite number was found."""
    holds: bool
    true_as_said: bool | None
    """Whether what people say of it is so; None where they say nothing of it."""
    line: str
    """The same in a line that can be quoted."""


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
    verdicts: tuple[Verdict, ...] = ()
    """On the claims, in their order."""
    later: tuple[Verdict, ...] = ()
    """On claims that were given when there were trials already: exploratory, each by itself, outside the family."""
    variance: VarianceTable | None = None
    interactions: tuple[Interaction, ...] = ()
    lenth: Lenth | None = None
    """For one replicate of a two-level design."""
    identities: tuple[Exactness, ...] = ()
    identities_by: str = ""
    """The versions that evaluated them."""
    diagnostics: tuple[str, ...] = ()
    """Those that the study names for its tables."""
    capacity: Capacity | None = None
    timed_on: tuple[str, ...] = ()
    """Where latencies were measured: a line for each device that differs."""
    command: str = ""
    """What makes these results be there."""
    made_by: tuple[str, ...] = ()
    """Versions, device and commit that trained them, and how many: a line for each that differs."""
