"""The resolution of an accuracy: what a finite test set blurs."""

import math
from collections.abc import Iterator

import numpy as np

from ablate.analyze.outcome import Outcomes
from ablate.config.spec import StudySpec


def binomial_se(proportion: float, examples: int) -> float:
    """The SE of an accuracy that is measured on so many examples, each right or wrong."""
    return math.sqrt(proportion * (1 - proportion) / examples)


def resolution_notes(spec: StudySpec, outcomes: Outcomes) -> Iterator[str]:
    """A note for each claim on an accuracy whose margin is under the binomial SE: STATISTICS (f).

    The SE is that of one trial at the mean accuracy of the complete ones. Says nothing where the response is
    not an accuracy between 0 and 1, or the records do not say how many examples there were.
    """
    values = outcomes.response[outcomes.complete]
    if not spec.response.name.endswith("accuracy") or not len(values):
        return
    on_validation = spec.response.name.startswith("val")
    counts = [record.counts for row in outcomes.records for record in row if record is not None]
    examples = max(count.val_examples if on_validation else count.test_examples for count in counts)
    accuracy = float(np.mean(values))
    if examples < 1 or not 0 <= accuracy <= 1:
        return
    se = binomial_se(accuracy, examples)
    for claim in spec.claims:
        if claim.margin < se:
            factor, (level, against) = next(iter(claim.contrast.items()))
            yield (
                f"The claim on {factor}: {level} vs {against} has a margin of {claim.margin:g}, under the "
                f"binomial SE of one accuracy on {examples} examples, {se:.2g}."
            )
