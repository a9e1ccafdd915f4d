"""The power of a study's claims at its number of replicates: what `plan` says before any training."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ablate.analysis.claims.judgement import comparison_of, data_sets, estimated
from ablate.analysis.claims.looks import plan
from ablate.analysis.claims.outlook import ClaimOutlook, outlook
from ablate.analysis.claims.savings import savings
from ablate.analysis.effects.comparison import Comparison
from ablate.analysis.statistics.student import mean
from ablate.analysis.summary import INTERVAL_FROM, TEST_FROM
from ablate.config.spec import Claim, StudySpec
from ablate.design.point import DesignPoint
from ablate.store.later_claims import claim_text
from ablate.store.record import Record

UNKNOWN_SD = "the SD of {} is not known before a first trial: in SDs"
UNKNOWN_MORE = {
    "": "",
    "interaction": "; that of a difference of differences is √2 times that of one, where all cells vary alike",
    "relative": "; neither is the baseline's mean, of which the margin is a share",
}


@dataclass(frozen=True, kw_only=True)
class Prospect:
    """A claim and its power at the study's replicates."""

    claim: Claim
    n: int
    """Values that the SD is of."""
    sd: float | None
    """Of the differences, from the trials that are there; None: not known."""
    margin_sd: float
    """The margin in that SD; 1 is supposed where it is not known."""
    planned: int
    """Values that there will be: replicates, or data sets of a claim across them."""
    outlook: ClaimOutlook | None
    """None: too few of these for a verdict."""


def prospects(spec: StudySpec, points: Sequence[DesignPoint], records: Sequence[Record]) -> tuple[Prospect, ...]:
    """The power of each stated claim: for a true difference of its margin, from the SD of the trials that are there.

    Raises:
        ConfigError: a margin or an α that states nothing.
        DesignError: the design points do not carry a claim's contrast.
    """
    compared = comparison_of(spec, points, records)
    found: list[Prospect] = []
    for claim in spec.claims:
        paired = estimated(spec, points, compared, claim).paired
        known = paired.sd if paired.n >= INTERVAL_FROM and paired.sd else None
        margin_sd = _margin(spec, points, compared, claim) / known if known else 1.0
        planned = len(data_sets(spec, points, claim)) if claim.across else spec.replicates
        ahead = outlook(claim, planned, margin_sd=margin_sd, effect_sd=margin_sd, family=len(spec.claims))
        found.append(Prospect(claim=claim, n=paired.n, sd=known, margin_sd=margin_sd, planned=planned, outlook=ahead))
    return tuple(found)


def foresee(spec: StudySpec, points: Sequence[DesignPoint], records: Sequence[Record]) -> tuple[str, ...]:
    """A line for each claim: its power, the smallest effect that n can show, the replicates that it would take.

    The SD of the differences is taken from the trials that are there; without any, a margin of 1 SD is supposed.

    Raises:
        ConfigError: a margin or an α that states nothing, or looks that cannot be had.
        DesignError: the design points do not carry a claim's contrast.
    """
    lines: list[str] = []
    for prospect in prospects(spec, points, records):
        claim, known, found = prospect.claim, prospect.sd, prospect.outlook
        of = "the point's values" if claim.value is not None else "the differences"
        unknown = UNKNOWN_SD.format("the data sets' differences" if claim.across else of)
        source = (
            f"SD {known:.3g} from n = {prospect.n}{' data sets' if claim.across else ''} so far"
            if known
            else f"{unknown}{UNKNOWN_MORE[_kind(claim)]}"
        )
        name = f"{claim.text}, {claim.expect}"
        if found is None and claim.across:
            lines.append(
                f"{name}: {prospect.planned} data sets carry no verdict, whatever the number of replicates: a claim "
                f"across data sets takes {TEST_FROM}"
            )
            continue
        if found is None:
            lines.append(f"{name}: {spec.replicates} replicates carry no verdict; set replicates={TEST_FROM} or more")
            continue
        lines.append(f"{name} ({source}): {found.line}")
        if spec.looks is not None:
            lines.append(_saved(spec, claim, prospect.margin_sd))
    lines += [f"exploratory: given after {claim.after} trials; {claim_text(claim)}" for claim in spec.later]
    return tuple(lines)


def _kind(claim: Claim) -> str:
    return "interaction" if claim.interaction else "relative" if claim.relative else ""


def _margin(spec: StudySpec, points: Sequence[DesignPoint], compared: Comparison, claim: Claim) -> float:
    """In units of the difference; a share is one of the baseline's mean so far."""
    if not claim.relative:
        return claim.margin
    row = next(row for row, point in enumerate(points) if point.is_baseline(spec.factors))
    known = compared.scores[row][np.isfinite(compared.scores[row])]
    return claim.margin * mean(known)


def _saved(spec: StudySpec, claim: Claim, margin_sd: float) -> str:
    """What the looks save, against all replicates and one test at the end."""
    assert spec.looks is not None
    looks = plan(spec.looks, spec.replicates, alpha=claim.alpha / len(spec.claims))
    found = savings(looks, claim.expect, margin_sd=margin_sd, rng=np.random.default_rng(0), studies=5_000)
    names = ("no effect", "the design effect", "twice it")
    used = "; ".join(
        f"{usage.replicates:.1f} under {name} ({usage.effect_sd:.2f} SD)"
        for name, usage in zip(names, found.usages, strict=True)
    )
    return f"looks at n = {', '.join(map(str, looks.ns))}: mean replicates of {looks.replicates}: {used}"
