"""The power of a paired t, and the smallest difference that it finds."""

import math
from collections.abc import Callable
from functools import lru_cache

from ablate.analysis.statistics.distribution import noncentral_t_cdf, t_quantile

MAX_REPLICATES = 1000
"""No larger number of replicates is searched."""


def power(shift: float, n: int, *, alpha: float = 0.05) -> float:
    """The probability that a two-sided paired t at n ≥ 2 replicates finds a true difference of `shift` SDs.

    The SD is of the differences. By the noncentral t, both tails.
    """
    df, critical, centre = n - 1, t_quantile(1 - alpha / 2, n - 1), abs(shift) * math.sqrt(n)
    return 1 - noncentral_t_cdf(critical, df, centre) + noncentral_t_cdf(-critical, df, centre)


def superiority(shift: float, n: int, *, alpha: float = 0.05) -> float:
    """The probability that a one-sided paired t at n ≥ 2 replicates finds a true difference of `shift` ≥ 0 SDs."""
    return 1 - noncentral_t_cdf(t_quantile(1 - alpha, n - 1), n - 1, shift * math.sqrt(n))


@lru_cache(maxsize=256)
def detectable(n: int, *, alpha: float = 0.05, target: float = 0.8) -> float:
    """The smallest true difference, in SDs of the differences, that a two-sided test finds with power `target`.

    Needs n ≥ 2 and alpha < target < 1.
    """
    return smallest(lambda shift: power(shift, n, alpha=alpha), target=target)


def smallest(found: Callable[[float], float], *, target: float = 0.8) -> float:
    """The smallest size for which a probability reaches `target`, if it grows with the size from below it to 1."""
    low, high = 0.0, 1.0
    while found(high) < target:
        low, high = high, 2 * high
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if found(middle) < target else (low, middle)
    return high


def fewest(found: Callable[[int], float], *, above: int, target: float = 0.8) -> int | None:
    """The fewest replicates, more than `above`, for which a probability that grows with them reaches `target`.

    None where 1000 do not.
    """
    low, high = above, MAX_REPLICATES
    if low >= high or found(high) < target:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if found(middle) < target else (low, middle)
    return high
