"""The scales on which responses are averaged and compared."""

import math

import numpy as np

from ablate.analysis.statistics.student import Values
from ablate.config.spec import Scale


def on_scale(values: Values, scale: Scale, *, examples: Values | None = None) -> Values:
    """Responses on a scale; NaN where one has no place on it: 0 has no logarithm.

    A share s of n examples has the empirical logit log((sn + ½) / ((1 − s)n + ½)), which is finite at 0 and 1
    (Haldane 1955, Ann. Hum. Genet. 20; Cox & Snell 1989, Analysis of Binary Data, section 2.1).

    Args:
        values: any shape.
        scale: `identity` returns them as they are.
        examples: of the same shape, on how many examples each share was measured; without it, or where it is 0 or
            less, the plain logit.
    """
    if scale == "identity":
        return values
    with np.errstate(divide="ignore", invalid="ignore"):
        if scale == "log":
            found = np.log(values)
        else:
            count = np.zeros_like(values) if examples is None else examples
            added = np.where(count > 0, 0.5 / np.where(count > 0, count, 1.0), 0.0)
            found = np.log(values + added) - np.log1p(added - values)
    return np.where(np.isfinite(found), found, np.nan)


def number_on_scale(value: float, scale: Scale) -> float:
    """A stated number on a scale; it must have a place there."""
    if scale == "identity":
        return value
    return math.log(value) if scale == "log" else math.log(value) - math.log1p(-value)


def from_scale(value: float, scale: Scale) -> float:
    """The response that stands at a place on a scale."""
    if scale == "identity":
        return value
    return math.exp(value) if scale == "log" else 1 / (1 + math.exp(-value))
