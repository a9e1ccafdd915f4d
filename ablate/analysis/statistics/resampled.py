"""The corrected interval of a difference over splits that overlap: beside the t interval, as a sensitivity analysis."""

import math

from ablate.analysis.statistics.distribution import t_cdf, t_quantile
from ablate.analysis.statistics.student import Values, mean, sd
from ablate.analysis.summary import Interval


def corrected_interval(differences: Values, *, test_share: float, level: float = 0.95) -> Interval:
    """The interval of a difference in the population that the pool was drawn from.

    Replicates that draw their splits from one pool share examples, so that their differences are correlated. The
    variance of the mean is taken as s² (1/n + n_test / n_train) in place of s² / n, with n − 1 degrees of freedom.

    Source: Nadeau and Bengio (2003), Inference for the generalization error, section 3.

    Args:
        differences: shape (n,), one for each replicate; three or more that are not all equal.
        test_share: examples of the test split divided by those trained on.
        level: of both sides together.
    """
    n, centre = len(differences), mean(differences)
    half = t_quantile((1 + level) / 2, n - 1) * _error(differences, test_share)
    return Interval(value=centre, low=centre - half, high=centre + half, level=level, method="resampled")


def corrected_test(differences: Values, *, test_share: float) -> tuple[float, float]:
    """The corrected t, and its two-sided p for a mean of zero."""
    t = mean(differences) / _error(differences, test_share)
    return t, 2 * t_cdf(-abs(t), len(differences) - 1)


def _error(differences: Values, test_share: float) -> float:
    return sd(differences) * math.sqrt(1 / len(differences) + test_share)
