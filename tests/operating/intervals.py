"""Intervals of a mean for many samples at once: each takes values of shape (samples, n) and the mass α of a tail.

Each returns shape (samples, 2), the lower and the upper end; NaN where n is too small for the level.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from scipy import stats

Array = npt.NDArray[np.float64]
Method = Callable[[Array, float], Array]

BOOTSTRAP_SAMPLES = 399
MAX_SIGN_FLIP = 12
"""Values of which all 2^n subsets are enumerated."""


def student(values: Array, alpha: float) -> Array:
    """Student's t."""
    n = values.shape[1]
    half = stats.t.ppf(1 - alpha, n - 1) * values.std(axis=1, ddof=1) / math.sqrt(n)
    return np.stack([values.mean(axis=1) - half, values.mean(axis=1) + half], axis=1)


def transformed(values: Array, alpha: float) -> Array:
    """Hall's transformation by a cubic (1992)."""
    n = values.shape[1]
    mean, sd = values.mean(axis=1), values.std(axis=1, ddof=1)
    skewness = stats.skew(values, axis=1)
    skewness = np.where(np.abs(skewness) < 1e-8, 1e-8, skewness)
    quantile = stats.t.ppf(1 - alpha, n - 1) / math.sqrt(n)
    ends = [
        mean - sd * 3 / skewness * (np.cbrt(1 + skewness * (q - skewness / (6 * n))) - 1) for q in (quantile, -quantile)
    ]
    return np.stack(ends, axis=1)


def bootstrap_t(values: Array, alpha: float) -> Array:
    """The studentised bootstrap (Efron and Tibshirani, 1993, section 12.5)."""
    rng = np.random.default_rng(0)
    n = values.shape[1]
    found = np.empty((len(values), 2))
    for start in range(0, len(values), 200):
        part = values[start : start + 200]
        drawn = np.take_along_axis(
            part[:, None, :].repeat(BOOTSTRAP_SAMPLES, 1),
            rng.integers(0, n, (len(part), BOOTSTRAP_SAMPLES, n)),
            axis=2,
        )
        off, spread = drawn.mean(axis=2) - part.mean(axis=1)[:, None], drawn.std(axis=2, ddof=1)
        degenerate = spread <= 1e-12 * np.ptp(part, axis=1)[:, None]
        t = np.where(degenerate, np.copysign(np.inf, off), off * math.sqrt(n) / np.where(degenerate, 1.0, spread))
        high, low = np.quantile(t, [alpha, 1 - alpha], axis=1, method="nearest")
        error = part.std(axis=1, ddof=1) / math.sqrt(n)
        found[start : start + 200] = np.stack([part.mean(axis=1) - low * error, part.mean(axis=1) - high * error], 1)
    return found


def sign_flip(values: Array, alpha: float) -> Array:
    """The exact sign-flip test, inverted: the ends are means of subsets (Hartigan, 1969)."""
    n = values.shape[1]
    rank = math.floor(alpha * 2**n)
    if rank < 1 or n > MAX_SIGN_FLIP:
        return np.full((len(values), 2), np.nan)
    subsets = np.array([[(code >> bit) & 1 for bit in range(n)] for code in range(1, 2**n)], dtype=np.float64)
    means = np.sort(values @ subsets.T / subsets.sum(axis=1), axis=1)
    return means[:, [rank - 1, -rank]]


def signed_rank(values: Array, alpha: float) -> Array:
    """Wilcoxon's signed ranks, inverted: the ends are means of pairs (Hodges and Lehmann, 1963)."""
    n = values.shape[1]
    first, second = np.triu_indices(n)
    means = np.sort((values[:, first] + values[:, second]) / 2, axis=1)
    mass = np.array([1.0])
    for rank in range(1, n + 1):
        mass = (np.pad(mass, (0, rank)) + np.pad(mass, (rank, 0))) / 2
    rank = int(np.searchsorted(np.cumsum(mass), alpha, side="right"))
    return means[:, [rank - 1, -rank]] if rank else np.full((len(values), 2), np.nan)


METHODS: Mapping[str, Method] = {
    "t": student,
    "Hall": transformed,
    "bootstrap-t": bootstrap_t,
    "sign-flip": sign_flip,
    "signed rank": signed_rank,
}
