"""The verdict on a claim, its evidence, and the diagnostic that separates its arms."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ablate.analysis.summary.across import Across
from ablate.analysis.summary.averaged import Averaged
from ablate.analysis.summary.estimate import Interval
from ablate.analysis.summary.resampled import Outcome, Resampled
from ablate.config.spec import Claim

BAYES = "Bayes"
"""With what the name of the best rule that there is begins, as `ablate.data.Best` has it."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """For each possible finding on a claim, the one-sided p against its null."""

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
    """Whether it is beyond chance at 5%, over all diagnostics compared, and more than a restatement."""
    restates: bool = False
    """Whether all that is beyond chance was there before the first step, and has not grown: the manipulation itself."""
    left_out: tuple[str, ...] = ()
    """Diagnostics that the arms' networks would differ in by definition: not compared."""
    line: str
    """The same as a clause that can be quoted; empty where it only restates the manipulation."""


@dataclass(frozen=True, kw_only=True)
class Needed:
    """How many replicates would probably (80%) decide an open claim, if the SD is what it seems.

    An interval: from one end of the 80% interval of the difference to the other.
    """

    low: int | None = None
    """None: more than 1000, or it is empty."""
    high: int | None = None
    """The same."""
    on_margin: bool = False
    """The 80% interval holds a margin at which the claim stays open however many replicates there are: it is empty."""
    looks: tuple[int, ...] = ()
    """`study.looks` of a new study of as many replicates, on another seed, which keeps α; empty where none helps."""


@dataclass(frozen=True, kw_only=True)
class Qualifier:
    """What limits a verdict. The same value stands wherever the verdict is shown."""

    name: str
    """In a word or two: `untrained`, `extended`, `failure-sensitive`, `exploratory`, `small n`."""
    text: str
    """In a clause."""
    heads: bool = True
    """Whether the name stands beside the outcome, in brackets."""

    def clause(self, where: str = "") -> str:
        """Name and text as one, unless the text says the name.

        Args:
            where: what it is on, where it is not on all.
        """
        on = f" ({where})" if where else ""
        return f"{self.text}{on}" if self.text.endswith(self.name) else f"{self.name}{on}: {self.text}"

    def sentence(self, where: str = "") -> str:
        """The same as a sentence."""
        text = self.clause(where)
        return f"{text[:1].upper()}{text[1:]}."


@dataclass(frozen=True, kw_only=True)
class Share:
    """The difference of a claim as a share of the baseline's mean, where its margin is one."""

    baseline: float
    """The mean, in the response's units."""
    baseline_sd: float
    correlation: float
    """Of the differences with the baseline's responses."""
    interval: Interval
    """Of the share, by Fieller, at the level of the difference's: it says what the outcome does."""


@dataclass(frozen=True, kw_only=True)
class Extension:
    """Replicates that were added after results had been seen, without looks: what became of a claim's α."""

    ns: tuple[int, ...]
    """Replicates at each of the tests, increasing; the last is what the study was extended to."""
    false_support: float
    """The probability, at most, that the claim is supported where there is no effect."""
    false_contradiction: float
    """The probability, at most, that it is contradicted where the true difference does not do so."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the data say of a claim (docs/verdicts.md).

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
    """The mean difference, at level 1 − 2α; among several claims with what Holm leaves of α, so that the interval
    says what the outcome does."""
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
    needed: Needed | None
    """What would decide an inconclusive claim, or carry a verdict at all; in a plan with looks, the next look. None: it
    is decided, or replicates do not help."""
    look: int | None = None
    """In a group-sequential plan: the look that decided the claim, or the latest, counted from 1."""
    qualifiers: tuple[Qualifier, ...] = ()
    """What limits it, the gravest first."""
    untrained: str = ""
    """Why the baseline counts as untrained, which leaves every claim of the study open; empty where it does not."""
    unreached: str = ""
    """Why trials that did not reach the response's threshold leave the claim open; empty where they do not."""
    mixed_code: str = ""
    """How many of the study's trainings are of older code than the others; empty where all are of one."""
    untuned: str = ""
    """At which settings all arms trained, where none was chosen for each arm; empty where the study tunes."""
    extended: Extension | None = None
    """None where n was not extended, or by plan."""
    averaged: Averaged | None = None
    """None where the difference is that of one setting."""
    mean_arm: float | None = None
    """In the response's units, whatever the claim's scale; of an interaction, the difference that is its arm."""
    mean_reference: float | None = None
    """The same of the reference; None for a claim on a design point, which states it."""
    trivial: float | None = None
    """What the trivial predictor scores, its mean over the replicates; None where no record says."""
    simple: Mapping[str, float] = field(default_factory=dict[str, float])
    """Predictor → what it scores on the same splits, its mean over the replicates: a simple one (`1-NN`, `least
    squares`), then the best rule that there is (`Bayes`), where the truth of the data is known."""
    unseen_collapse: float | None = None
    """How often an arm may collapse, at most (95%), of which no replicate shows a case: 1 − .05^(1/n). None where a
    trial diverged, whose rate is seen, and without a verdict."""
    share: Share | None = None
    """None where the margin is no share of the baseline's mean."""
    diverged: bool = False
    """A trial of either arm did: failures of its replicates are seen, and counted."""
    failures_only: str = ""
    """Where too few trials of an unbounded response survive for a verdict: the failure rates of both arms."""
    test_share: float | None = None
    """Examples that the response is measured on, divided by those trained on, where replicates redraw both from one
    pool; None where they do not, and where the records do not say."""
    resampled: Resampled | None = None
    """What splits that overlap leave of the interval; None where they do not overlap, or it has no ends."""
    across: Across | None = None
    """What a claim across data sets rests on; n counts them, and the interval is over them."""
    why: Separation | None = None
    """None where no diagnostic was measured in three replicates of both arms."""
    remarks: tuple[str, ...]
    line: str
    """The verdict in a line that can be quoted."""

    @property
    def margin(self) -> float:
        """The claim's margin in units of its difference."""
        return self.claim.margin * (1.0 if self.share is None else self.share.baseline)

    @property
    def why_open(self) -> str:
        """Why it is open, whatever the interval says; empty where the interval decides."""
        return self.untrained or self.unreached

    @property
    def heading(self) -> str:
        """The outcome with what stands beside it: `supported (strong)`, `inconclusive (untrained)`."""
        if self.outcome is None:
            return "no verdict"
        beside = [*(["strong"] if self.strong else []), *(q.name for q in self.qualifiers if q.heads)]
        return f"{self.outcome} ({'; '.join(beside)})" if beside else self.outcome

    @property
    def p(self) -> float | None:
        """One-sided, of the claim's own null."""
        return None if self.evidence is None else self.evidence.supported

    @property
    def p_holm(self) -> float | None:
        """The same, adjusted for the family."""
        return None if self.adjusted is None else self.adjusted.supported
