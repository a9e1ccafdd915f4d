"""The false discovery rate: p values of many exploratory contrasts, made comparable."""

from collections.abc import Sequence

import numpy as np


def q_values(p: Sequence[float]) -> tuple[float, ...]:
    """The smallest false discovery rate at which each p counts as a discovery, in the order given.

    Source: Benjamini & Hochberg, JRSS B 57 (1995), 289–300.
    """
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values)[::-1]
    ranks = np.arange(len(values), 0, -1)
    q = np.empty_like(values)
    q[order] = np.minimum.accumulate(values[order] * len(values) / ranks)
    return tuple(q.tolist())
