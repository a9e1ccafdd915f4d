"""Student's t: intervals of a mean and of a difference of means, and the one-sample test.

Everything is in the values' units. Spreads go through `hypot`, which neither overflows nor underflows.
"""

import math

import numpy as np
import numpy.typing as npt

from ablate.analysis.statistics.distribution import t_cdf, t_quantile
from ablate.analysis.summary import Interval

Values = npt.NDArray[np.float64]


def mean(values: Values) -> float:
    """The mean of one or more values."""
    return float(np.mean(values))


def sd(values: Values) -> float:
    """The sample SD of two or more values (n − 1 in the denominator); exactly 0 where they are all equal."""
    shifted = values - values[0]
    return math.hypot(*(shifted - mean(shifted)).tolist()) / math.sqrt(len(values) - 1)


def t_interval(values: Values, *, level: float = 0.95, tolerance: float = 0.0) -> Interval:
    """The mean with its t interval.

    Fewer than three values carry no interval. Neither do values that are all equal (within `tolerance`): an
    interval of width zero would claim a certainty that n values cannot give.
    """
    centre = mean(values)
    if len(values) < 3 or np.ptp(values) <= tolerance:
        return Interval(value=centre, level=level)
    half = t_quantile((1 + level) / 2, len(values) - 1) * sd(values) / math.sqrt(len(values))
    return Interval(value=centre, low=centre - half, high=centre + half, level=level)


def t_test(values: Values) -> tuple[float, float]:
    """Student's t and its two-sided p for a mean of zero; of differences, this is the paired t.

    The values must not all be equal.
    """
    t = mean(values) / (sd(values) / math.sqrt(len(values)))
    return t, 2 * t_cdf(-abs(t), len(values) - 1)


def welch_interval(arm: Values, reference: Values, *, level: float = 0.95) -> Interval:
    """The difference of two means, as if the groups were independent and of unequal variance.

    At least one group must vary. Degrees of freedom: Welch (1947), Satterthwaite (1946).
    """
    n, m = len(arm), len(reference)
    errors = sd(arm) / math.sqrt(n), sd(reference) / math.sqrt(m)
    error = math.hypot(*errors)
    df = 1 / ((errors[0] / error) ** 4 / (n - 1) + (errors[1] / error) ** 4 / (m - 1))
    half = t_quantile((1 + level) / 2, df) * error
    difference = mean(arm) - mean(reference)
    return Interval(value=difference, low=difference - half, high=difference + half, level=level, method="welch")
