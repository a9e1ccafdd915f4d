"""The resolution of an accuracy: its standard error on a finite test set."""

import math
from dataclasses import dataclass

import numpy as np

from ablate.analyze.outcomes.outcome import Outcomes
from ablate.config.spec import StudySpec


def binomial_se(proportion: float, examples: int) -> float:
    """The SE of an accuracy that is measured on so many examples, each right or wrong."""
    return math.sqrt(proportion * (1 - proportion) / examples)


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """The standard error of one trial's accuracy on a test set of so many examples."""

    se: float
    examples: int

    def remark(self, margin: float) -> str | None:
        """A clause for a margin that is under the SE; None for any other."""
        if margin >= self.se:
            return None
        return (
            f"a margin of {margin:g}, under the binomial SE of one accuracy on {self.examples} examples, {self.se:.2g}."
        )


def resolution(spec: StudySpec, outcomes: Outcomes) -> Resolution | None:
    """The SE of one trial at the mean accuracy of the complete ones: STATISTICS (f).

    None where the response is not an accuracy between 0 and 1, or the records do not say how many examples there
    were.
    """
    values = outcomes.response[outcomes.complete]
    if not spec.response.name.endswith("accuracy") or not len(values):
        return None
    on_validation = spec.response.name.startswith("val")
    counts = [record.counts for row in outcomes.records for record in row if record is not None]
    examples = max(count.val_examples if on_validation else count.test_examples for count in counts)
    accuracy = float(np.mean(values))
    if examples < 1 or not 0 <= accuracy <= 1:
        return None
    return Resolution(se=binomial_se(accuracy, examples), examples=examples)
