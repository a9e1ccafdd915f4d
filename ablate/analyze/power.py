"""The power of a paired t, and the smallest difference that it finds."""

import math
from functools import lru_cache

from ablate.analyze.distribution import noncentral_t_cdf, t_quantile


def power(shift: float, n: int, *, alpha: float = 0.05) -> float:
    """The probability that a two-sided paired t at n ≥ 2 replicates finds a true difference of `shift` SDs.

    The SD is of the differences. By the noncentral t, both tails.
    """
    df, critical, centre = n - 1, t_quantile(1 - alpha / 2, n - 1), abs(shift) * math.sqrt(n)
    return 1 - noncentral_t_cdf(critical, df, centre) + noncentral_t_cdf(-critical, df, centre)


@lru_cache(maxsize=256)
def detectable(n: int, *, alpha: float = 0.05, target: float = 0.8) -> float:
    """The smallest true difference, in SDs of the differences, that is found with power `target`.

    Needs n ≥ 2 and alpha < target < 1.
    """
    low, high = 0.0, 1.0
    while power(high, n, alpha=alpha) < target:
        low, high = high, 2 * high
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if power(middle, n, alpha=alpha) < target else (low, middle)
    return high
