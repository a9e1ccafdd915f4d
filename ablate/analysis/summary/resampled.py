"""What a difference is known to within where the splits of the replicates overlap."""

from dataclasses import dataclass
from typing import Literal

from ablate.analysis.summary.estimate import Interval

Outcome = Literal["supported", "contradicted", "equivalent", "inconclusive"]
"""What the data can say of a claim."""


@dataclass(frozen=True, kw_only=True)
class Resampled:
    """The corrected resampled interval of a claim, beside its own: Nadeau and Bengio (2003).

    The claim's own interval speaks of other trainings and splits of this pool of examples, this one of the population
    that the pool is a sample of.
    """

    interval: Interval
    """Of the difference, at the level of the claim's own interval."""
    test_share: float
    """Examples that the response is measured on, divided by those trained on; of several design points, the largest."""
    outcome: Outcome | None
    """That the claim would have by it; None where it is open for another reason, or has no verdict."""
