"""An interval of a mean that allows for skewness: beside the t interval, as a sensitivity analysis."""

import math

import numpy as np

from ablate.analysis.statistics.distribution import t_cdf, t_quantile
from ablate.analysis.statistics.student import Values, mean, sd
from ablate.analysis.summary import Interval

MIN_VALUES = 5
NEARLY_SYMMETRIC = 1e-8
"""Skewness below which the transformation is the identity: its inverse would divide by it."""


def transformed_interval(values: Values, *, level: float = 0.95) -> Interval:
    """Hall's interval of a mean: t is transformed by a cubic so that its skewness goes, monotonely.

    With one arm skewed, each tail of the t interval misses by far more than (1 − level) / 2 on one side, and by less on
    the other. This interval lessens that and does not remove it: five values do not tell a skewness. The
    simulations in docs/operating.md say how much is left.

    Source: Hall (1992), On the removal of skewness by transformation, section 2; with quantiles of t in place of
    the normal's.

    Args:
        values: shape (n,), not all equal. Fewer than five carry no interval.
        level: of both sides together.
    """
    n, centre = len(values), mean(values)
    if n < MIN_VALUES or not np.ptp(values):
        return Interval(value=centre, level=level, method="transformed")
    skewness, spread = _skewness(values), sd(values)
    quantile = t_quantile((1 + level) / 2, n - 1) / math.sqrt(n)
    low, high = (centre - spread * _inverse(q, skewness, n) for q in (quantile, -quantile))
    return Interval(value=centre, low=low, high=high, level=level, method="transformed")


def transformed_p(values: Values, bound: float) -> float:
    """One-sided p for a mean under the bound: small where the mean is above it. Under α where the interval is above.

    Args:
        values: shape (n,), five or more that are not all equal.
        bound: what the mean is compared with.
    """
    n, skewness = len(values), _skewness(values)
    t = (mean(values) - bound) / sd(values)
    transformed = t + skewness * t**2 / 3 + skewness**2 * t**3 / 27 + skewness / (6 * n)
    return t_cdf(-math.sqrt(n) * transformed, n - 1)


def _skewness(values: Values) -> float:
    """The third moment over the second's power 3/2, with n in the denominators."""
    deviations = values - mean(values)
    scaled = deviations / float(np.max(np.abs(deviations)))  # neither overflows nor underflows
    return float(np.mean(scaled**3) / np.mean(scaled**2) ** 1.5)


def _inverse(quantile: float, skewness: float, n: int) -> float:
    """The t statistic, divided by √n, whose transform is the quantile."""
    if abs(skewness) < NEARLY_SYMMETRIC:
        return quantile
    return 3 / skewness * (math.cbrt(1 + skewness * (quantile - skewness / (6 * n))) - 1)
