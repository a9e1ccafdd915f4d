"""Sums of squares of a balanced layout: how its variation divides."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ablate.analysis.statistics.student import Values


@dataclass(frozen=True, kw_only=True)
class Variation:
    """A sum of squares with its degrees of freedom."""

    ss: float
    df: int


@dataclass(frozen=True, kw_only=True)
class Division:
    """The variation of a complete factorial with replicates as blocks: its parts add up to the whole."""

    total: Variation
    replicate: Variation
    effects: Mapping[tuple[int, ...], Variation]
    """By the axes of the factors; main effects, then interactions, lowest orders first."""
    error: Variation
    """Replicates × cells: by how much the cells' differences vary from replicate to replicate."""


def divide(responses: Values) -> Division:
    """Divides the variation among the replicate, each effect of any order, and the error.

    Means are swept out axis by axis, of centred values, and every sum is one of squares: nothing is found by
    subtracting large sums.

    Args:
        responses: one axis per factor, and the replicates last; finite.
    """
    y = responses - responses.flat[0]
    y = y - np.mean(y)
    factors = tuple(range(y.ndim - 1))
    replicates = np.mean(y, axis=factors)
    error = y - replicates - np.mean(y, axis=-1, keepdims=True)
    subsets = itertools.chain.from_iterable(itertools.combinations(factors, m) for m in range(1, y.ndim))
    return Division(
        total=Variation(ss=_squares(y), df=y.size - 1),
        replicate=Variation(ss=_squares(replicates) * (y.size // replicates.size), df=replicates.size - 1),
        effects={subset: _effect(y, subset) for subset in subsets},
        error=Variation(ss=_squares(error), df=(y.size // replicates.size - 1) * (replicates.size - 1)),
    )


def pool(parts: Iterable[Variation]) -> Variation:
    """Adds parts that are taken for the same noise."""
    listed = list(parts)
    return Variation(ss=sum(part.ss for part in listed), df=sum(part.df for part in listed))


def f_ratio(effect: Variation, error: Variation) -> float:
    """Fisher's F: mean square against mean square; the error must not be zero."""
    return (effect.ss / effect.df) / (error.ss / error.df)


def omega_squared(effect: Variation, *, error: Variation, total: Variation) -> float:
    """The share that an effect has beyond what noise gives it; 0 where that would be negative.

    Source: Hays, Statistics for Psychologists (1963).
    """
    noise = error.ss / error.df
    return max(0.0, (effect.ss - effect.df * noise) / (total.ss + noise))


def _effect(y: Values, axes: tuple[int, ...]) -> Variation:
    means = np.mean(y, axis=tuple(axis for axis in range(y.ndim) if axis not in axes))
    for axis in range(means.ndim):
        means = means - np.mean(means, axis=axis, keepdims=True)
    df = int(np.prod([size - 1 for size in means.shape]))
    return Variation(ss=_squares(means) * (y.size // means.size), df=df)


def _squares(values: Values) -> float:
    return float(np.sum(np.square(values)))
