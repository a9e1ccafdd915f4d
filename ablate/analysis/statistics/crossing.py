"""Boundary crossing: the probability that a statistic exceeds its bound at one of several looks.

All probabilities are of the upper bound alone, under no effect and with normal differences.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from ablate.analysis.statistics.distribution import normal_cdf, t_cdf
from ablate.analysis.statistics.student import Values

TAIL_SD = 8.0
"""Standard deviations on either side beyond which a density counts as nothing: it holds 1e-15."""
NORMAL_NODES = 400
"""At which the density is kept."""
T_GRID, T_NODES = 801, 32
"""Angles at which a probability is kept, and at which each integral takes it. Together they leave a relative error
under .002 in a crossing probability of .05, and under .02 in one of .001; less from a dozen replicates on."""


def normal_crossing(ns: Sequence[int], bounds: Sequence[float]) -> float:
    """The probability that a z statistic reaches its bound at one of the looks, the SD being known.

    The density of the running sum, of those that have not crossed, is carried from look to look by quadrature
    (Armitage, McPherson & Rowe 1969, J. R. Stat. Soc. A 132).

    Args:
        ns: replicates at each look, increasing.
        bounds: of z, one for each look.
    """
    unit, unit_weights = _legendre(NORMAL_NODES)
    times = [n / ns[-1] for n in ns]
    edge, low = bounds[0] * math.sqrt(times[0]), -TAIL_SD
    crossed = float(normal_cdf(np.array(-bounds[0])))
    places = low + (edge - low) * unit
    mass = unit_weights * (edge - low) * _normal_density(places / math.sqrt(times[0])) / math.sqrt(times[0])
    for before, time, bound in zip(times, times[1:], bounds[1:], strict=False):
        spread, edge = math.sqrt(time - before), bound * math.sqrt(time)
        crossed += float(mass @ normal_cdf((places - edge) / spread))
        onward = low + (edge - low) * unit
        density = _normal_density((onward[:, None] - places) / spread) @ mass / spread
        places, mass = onward, unit_weights * (edge - low) * density
    return crossed


def t_crossing(ns: Sequence[int], bounds: Sequence[float]) -> float:
    """The probability that a one-sample t reaches its bound at one of the looks, the SD being estimated.

    With x the differences so far and 1 the vector of ones, t = √(n − 1) tan θ, where sin θ is the cosine of the
    angle between x and 1. Under no effect the direction of x is independent of its length, which makes θ a Markov
    chain, so that one variable is enough (the idea is that of Jennison & Turnbull 1991, Biometrika 78). The chain
    runs backwards, a replicate at a time: from the probability of crossing later, given θ, to the same one
    replicate earlier.

    Args:
        ns: replicates at each look, increasing, from 2.
        bounds: of t, positive, one for each look.
    """
    edges = {n: math.atan(bound / math.sqrt(n - 1)) for n, bound in zip(ns, bounds, strict=True)}
    later = np.zeros(T_GRID)
    for n in range(ns[-1] - 1, ns[0] - 1, -1):
        later = _replicate_earlier(n, later, edges.get(n + 1))
    first = ns[0]
    unit, weights = _legendre(NORMAL_NODES)
    low, high = -_extent(first), min(edges[first], _extent(first))
    angles = low + (high - low) * unit
    continuing = weights * (high - low) * _angle_density(angles, first - 1) * _interpolate(angles, first, later)
    return t_cdf(-bounds[0], first - 1) + float(np.sum(continuing))


def _replicate_earlier(n: int, later: Values, edge: float | None) -> Values:
    """From P(cross after n + 1 | θ at n + 1), on that grid, to P(cross at n + 1 or after | θ at n).

    The new replicate turns x by φ, with √n tan φ distributed as t on n degrees of freedom, and then
    sin θ′ = A sin(φ + ψ), for A² = (n sin² θ + 1) / (n + 1) and tan ψ = √n sin θ. There is no look at n + 1 where
    `edge` is None. Where there is, θ′ exceeds it on one interval of φ + ψ, at whose ends the integral is split.
    """
    sine = np.sin(_grid(n))
    turn, amplitude = np.arctan(math.sqrt(n) * sine), np.sqrt((n * sine**2 + 1) / (n + 1))
    low, high = turn - _extent(n), turn + _extent(n)
    unit, weights = _legendre(T_NODES)

    def integral(start: Values, end: Values, *, crossed: bool) -> Values:
        width = (end - start)[:, None]
        angles = start[:, None] + width * unit
        mass = width * weights * _angle_density(angles - turn[:, None], n)
        if crossed:
            return np.sum(mass, axis=1)
        onward = np.arcsin(np.clip(amplitude[:, None] * np.sin(angles), -1, 1))
        return np.sum(mass * _interpolate(onward, n + 1, later), axis=1)

    if edge is None:
        return integral(low, high, crossed=False)
    rise = np.arcsin(np.minimum(1, math.sin(edge) / amplitude))
    enter, leave = np.clip(rise, low, high), np.clip(math.pi - rise, low, high)
    return (
        integral(low, enter, crossed=False)
        + integral(enter, leave, crossed=True)
        + integral(leave, high, crossed=False)
    )


def _angle_density(angles: Values, df: int) -> Values:
    """The density of an angle whose tangent, times √df, is distributed as t on `df` degrees of freedom."""
    constant = math.exp(math.lgamma((df + 1) / 2) - math.lgamma(df / 2)) / math.sqrt(math.pi)
    return constant * np.cos(angles) ** (df - 1)


def _extent(n: int) -> float:
    """The largest angle at n replicates that counts."""
    return min(math.pi / 2, TAIL_SD / math.sqrt(n))


def _grid(n: int) -> Values:
    return np.linspace(-_extent(n), _extent(n), T_GRID)


def _interpolate(angles: Values, n: int, values: Values) -> Values:
    """Cubic, through the four nearest values on the grid: a linear one blurs a little at each of many steps."""
    place = np.clip((angles / _extent(n) + 1) / 2, 0, 1) * (T_GRID - 1)
    left = np.clip(place.astype(np.intp), 1, T_GRID - 3)
    x = place - left
    return (
        values[left] * (1 - x**2) * (2 - x) / 2
        + values[left + 1] * x * (1 + x) * (2 - x) / 2
        - (values[left - 1] * (1 - x) * (2 - x) + values[left + 2] * (1 - x**2)) * x / 6
    )


@lru_cache(maxsize=2)
def _legendre(nodes: int) -> tuple[Values, Values]:
    """Gauss–Legendre nodes and weights on (0, 1)."""
    places, weights = np.polynomial.legendre.leggauss(nodes)
    return (places + 1) / 2, weights / 2


def _normal_density(z: Values) -> Values:
    return np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
