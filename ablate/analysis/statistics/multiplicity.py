"""Many tests at once: Holm's adjusted p for a family, Benjamini and Hochberg's q for what is exploratory."""

from collections.abc import Sequence

import numpy as np

from ablate.analysis.statistics.student import Values

P = float | None


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


def holm(p: Sequence[P]) -> tuple[P, ...]:
    """Holm's adjusted p, in the order given: under α where the step-down procedure rejects at α.

    A member of the family that has no p counts as 1, and stays without. Source: Holm, Scand. J. Stat. 6 (1979), 65–70.
    """
    values = _filled(p)
    order = np.argsort(values, kind="stable")
    steps = np.arange(len(values), 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(np.maximum.accumulate(values[order] * steps), 1.0)
    return _emptied(adjusted, p)


def exploratory_q(p: Sequence[P]) -> tuple[P, ...]:
    """Benjamini–Hochberg q of contrasts that no claim is about, in the order given.

    A contrast that has no p counts as 1, and has no q.
    """
    return _emptied(np.array(q_values(_filled(p).tolist())), p)


def _filled(p: Sequence[P]) -> Values:
    return np.array([1.0 if value is None else value for value in p], dtype=np.float64)


def _emptied(values: Values, p: Sequence[P]) -> tuple[P, ...]:
    return tuple(None if was is None else float(value) for value, was in zip(values, p, strict=True))
