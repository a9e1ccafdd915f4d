"""A value of a metric in validation up to which a training's optimizer steps are counted."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

UPDATES_TO = "updates_to_"
"""Before the metric's name in that of the response."""
ROUNDING = 1e-6
"""Relative: metrics are single-precision numbers, in which 0.9 is a little less than the number that is written so."""


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A value, and on which side of it a metric is better."""

    value: float
    better: Literal["higher", "lower"]

    def updates(self, evaluations: Iterable[tuple[int, float]], *, otherwise: int) -> int:
        """The optimizer steps at the first evaluation that is as good; `otherwise` where none is.

        Args:
            evaluations: Optimizer steps, and the metric then, in the order of the training. NaN is never as good.
            otherwise: More steps than the training has.
        """
        sign = 1 if self.better == "higher" else -1
        least = sign * self.value - ROUNDING * abs(self.value)
        return next((steps for steps, found in evaluations if sign * found >= least), otherwise)


def counts_updates(response: str) -> bool:
    """Whether a response is the number of updates up to a threshold: `val/updates_to_accuracy`."""
    split, _, metric = response.partition("/")
    return split == "val" and metric.startswith(UPDATES_TO)
