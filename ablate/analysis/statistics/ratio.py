"""Fieller's interval of a ratio of two means, paired by replicate."""

import math

from ablate.analysis.statistics.distribution import t_quantile
from ablate.analysis.summary import Interval


def ratio_interval(
    numerator: float,
    denominator: float,
    *,
    sds: tuple[float, float],
    correlation: float,
    n: int,
    level: float,
    test_share: float = 0.0,
) -> Interval:
    """The ratio of two means, with the ratios ρ that a paired t of numerator − ρ · denominator against 0 keeps.

    Without ends where the denominator is not told from 0 at this level: what is kept is then unbounded.
    Source: Fieller, J. R. Stat. Soc. B 16 (1954), 175–185.

    Args:
        numerator: its mean.
        denominator: its mean, not 0.
        sds: of the numerator and of the denominator, over the replicates.
        correlation: of the two.
        n: replicates, 2 or more.
        level: of the interval.
        test_share: of splits that overlap, as `corrected_interval`.
    """
    factor = t_quantile((1 + level) / 2, n - 1) ** 2 * (1 / n + test_share)
    top, bottom = sds
    a = denominator**2 - factor * bottom**2
    b = numerator * denominator - factor * correlation * top * bottom
    c = numerator**2 - factor * top**2
    inner = b * b - a * c
    value = numerator / denominator
    if a <= 0 or inner < 0:
        return Interval(value=value, level=level, method="fieller")
    ends = (b - math.sqrt(inner)) / a, (b + math.sqrt(inner)) / a
    return Interval(value=value, low=ends[0], high=ends[1], level=level, method="fieller")
