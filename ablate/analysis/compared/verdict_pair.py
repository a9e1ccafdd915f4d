"""What two studies say of the same claim: both verdicts, and whether the verdict changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from ablate.analysis.summary import Interval, Verdict
from ablate.analysis.summary.resampled import Outcome
from ablate.config.spec import Claim


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What one study says of a claim."""

    margin: str
    """With its unit."""
    outcome: Outcome | None
    """None: too few replicates for a verdict."""
    heading: str
    """The outcome with what stands beside it: `supported (strong)`."""
    interval: Interval | None
    n: int


@dataclass(frozen=True, kw_only=True)
class VerdictPair:
    """A claim of either study. The same contrast and expectation with another margin or α is the same claim here."""

    claim: Claim
    """As A states it; where A does not, as B does."""
    a: Judged | None
    """None: A does not state it."""
    b: Judged | None
    """None: B does not state it."""
    changed: bool
    """Both have a verdict, and not the same outcome."""


def verdict_pairs(a: Sequence[Verdict], b: Sequence[Verdict]) -> tuple[VerdictPair, ...]:
    """The claims of two studies: those of A in their order, then those of B alone."""
    left = [*b]
    partners: dict[int, Verdict] = {}
    for is_same in (_states_the_same, _is_same_contrast):  # exact matches first
        for number, verdict in enumerate(a):
            found = next((other for other in left if is_same(verdict.claim, other.claim)), None)
            if number not in partners and found is not None:
                partners[number] = found
                left.remove(found)
    of_a = (_pair(verdict, partners.get(number)) for number, verdict in enumerate(a))
    return (*of_a, *(_pair(None, verdict) for verdict in left))


def _states_the_same(one: Claim, other: Claim) -> bool:
    return one.stated == other.stated


def _is_same_contrast(one: Claim, other: Claim) -> bool:
    return (one.text, one.expect, one.scale, one.relative) == (other.text, other.expect, other.scale, other.relative)


def _pair(a: Verdict | None, b: Verdict | None) -> VerdictPair:
    stated = a or b
    assert stated is not None
    outcomes = [None if verdict is None else verdict.outcome for verdict in (a, b)]
    return VerdictPair(
        claim=stated.claim,
        a=_judged(a),
        b=_judged(b),
        changed=None not in outcomes and outcomes[0] != outcomes[1],
    )


def _judged(verdict: Verdict | None) -> Judged | None:
    if verdict is None:
        return None
    return Judged(
        margin=verdict.claim.margin_text,
        outcome=verdict.outcome,
        heading=verdict.heading,
        interval=verdict.interval,
        n=verdict.n,
    )
