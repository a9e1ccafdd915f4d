"""What another interval would say of a claim: beside the verdict, and never in its place."""

from collections.abc import Iterator

import numpy as np

from ablate.analyze.claims.claim import direction
from ablate.analyze.claims.evidence import decide, weighed
from ablate.analyze.statistics.skewed import transformed_interval, transformed_p
from ablate.analyze.summary import Outcome, Paired
from ablate.config.spec import Better, Claim

SKEWNESS_FROM = 10
"""Replicates from which a skewness shows at all: with five, this interval errs nearly as often as Student's."""


def skewed(claim: Claim, paired: Paired, outcome: Outcome | None, *, better: Better) -> Iterator[str]:
    """A remark where Hall's interval, which allows for skewness, leads to another outcome than Student's t.

    Not for a margin that is a share of the baseline's mean: its bounds vary over the replicates.
    """
    if outcome is None or paired.n < SKEWNESS_FROM or paired.identical or claim.relative:
        return
    values = np.array(paired.differences)
    x = direction(claim, better=better) * values
    # p for a mean under the bound, and over it: the other side's values are the same, mirrored.
    found = weighed(
        claim,
        above=lambda margins: transformed_p(x, margins * claim.margin),
        below=lambda margins: transformed_p(-x, -margins * claim.margin),
    )
    other = decide(found, alpha=claim.alpha)
    if other != outcome:
        interval = transformed_interval(values, level=1 - 2 * claim.alpha)
        yield (
            f"Skewed: {other} by Hall's interval ({interval.low:+.3g} to {interval.high:+.3g}), which allows for "
            "skewness; docs/operating.md has the error rates of both."
        )
