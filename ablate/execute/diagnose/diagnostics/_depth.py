"""Means and slopes of what counts by ratios, over the layers of a network."""

import math
from collections.abc import Sequence

import numpy as np


def geometric_mean(values: Sequence[float]) -> float:
    """NaN for none."""
    return float(np.exp(np.mean(_logarithms(values)))) if values else math.nan


def log_slope(values: Sequence[float]) -> float:
    """Least-squares slope of the logarithm over positions 0, 1, 2, …; NaN for fewer than two, or where one is 0."""
    logs = _logarithms(values)
    if len(logs) < 2 or not np.isfinite(logs).all():
        return math.nan
    positions = np.arange(len(logs)) - (len(logs) - 1) / 2
    return float(positions @ logs / (positions @ positions))


def _logarithms(values: Sequence[float]) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    with np.errstate(divide="ignore"):
        return np.log(np.array(values, dtype=np.float64))
