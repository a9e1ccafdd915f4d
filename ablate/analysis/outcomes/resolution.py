"""The resolution of an accuracy: its standard error on a finite test set."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ablate.analysis.outcomes.outcome import Outcomes
from ablate.config.spec import StudySpec


def binomial_se(proportion: float, examples: int) -> float:
    """The SE of an accuracy that is measured on a number of examples, each right or wrong."""
    return math.sqrt(proportion * (1 - proportion) / examples)


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """The standard error of one trial's accuracy on a test set of that size."""

    se: float
    examples: int

    def remark(self, margin: float) -> str | None:
        """A clause for a margin that is under the SE; None for any other."""
        if margin >= self.se:
            return None
        return (
            f"a margin of {margin:g}, under the binomial SE of one accuracy on {self.examples} examples, {self.se:.2g}."
        )


def examples_of(spec: StudySpec, outcomes: Outcomes) -> npt.NDArray[np.float64]:
    """On how many examples each trial's response was measured, shape (design points, replicates); NaN: no record."""
    on_validation = spec.response.name.startswith("val")
    counts = [
        [
            np.nan if r is None else float(r.counts.val_examples if on_validation else r.counts.test_examples)
            for r in row
        ]
        for row in outcomes.records
    ]
    return np.array(counts, dtype=np.float64).reshape(outcomes.response.shape)


def resolution(spec: StudySpec, outcomes: Outcomes) -> Resolution | None:
    """The SE of one trial at the mean accuracy of the complete ones.

    None where the response is not an accuracy between 0 and 1, or the records do not say how many examples there
    were.
    """
    values = outcomes.response[outcomes.complete]
    if spec.response.is_measured or not spec.response.name.endswith("accuracy") or not len(values):
        return None
    examples = int(np.nanmax(examples_of(spec, outcomes)))
    accuracy = float(np.mean(values))
    if examples < 1 or not 0 <= accuracy <= 1:
        return None
    return Resolution(se=binomial_se(accuracy, examples), examples=examples)
