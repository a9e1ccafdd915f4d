"""The same quantity on both sides, and the difference of the two with its interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ablate.analysis.compared.side import Measured, padded
from ablate.analysis.statistics.paired import correlation
from ablate.analysis.statistics.rounding_tolerance import rounding_tolerance
from ablate.analysis.statistics.student import Values, mean, t_interval, welch_interval
from ablate.analysis.summary import INTERVAL_FROM, Interval

OTHER_SEEDS = "other seeds"
OTHER_SPLITS = "other data or splits"
NO_COMMON = "no replicate in common"


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """Something that both sides estimate, replicate by replicate."""

    name: str
    kind: str
    """`mean` of a design point, or the kind of a contrast."""
    levels: Mapping[str, str]
    against: Mapping[str, str]
    """Empty for a mean."""
    held: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A quantity of A and of B, in the response's units. Intervals are Student's t, or Welch's where it says so."""

    quantity: Quantity
    unpaired: str
    """Why it is not paired by replicate; empty: it is."""
    n_a: int
    """Replicates that count; of pairs, the same number on both sides."""
    n_b: int
    dropped_a: int
    """Replicates of A that have a value and no partner in B."""
    dropped_b: int
    a: Interval | None
    """Over the replicates that count. None: there is none."""
    b: Interval | None
    difference: Interval | None
    """B − A. Without bounds where a side has under three replicates, or nothing varies."""
    correlation: float | None
    """Of the pairs."""
    equal: int
    """Pairs in which both values are equal within the rounding of single precision."""


@dataclass(frozen=True, kw_only=True)
class BothSides:
    """Values of both sides, each of shape (replicates,), with NaN where there is none."""

    a: Values
    b: Values
    size: Values
    """The largest response behind either, of the same shape: what rounding is relative to."""


def difference(
    quantity: Quantity,
    values: BothSides,
    *,
    unpaired: str,
    level: float = 0.95,
) -> Difference:
    """The difference B − A: paired by replicate, else of two independent groups of unequal variance.

    Args:
        quantity: what it is of.
        values: of both sides; position i is the same replicate in both.
        unpaired: why replicates are not pairs; empty: they are.
        level: of the intervals.
    """
    has_a, has_b = np.isfinite(values.a), np.isfinite(values.b)
    both = has_a & has_b
    if unpaired:
        a, b = values.a[has_a], values.b[has_b]
        found = _unpaired(a, b, level=level)
        equal, correlated = 0, None
    else:
        a, b = values.a[both], values.b[both]
        tolerance = rounding_tolerance(a, b, values.size[both])
        equal = int(np.count_nonzero(np.abs(b - a) <= tolerance))
        found = _paired(b - a, np.inf if equal == len(a) else float(np.max(tolerance, initial=0.0)), level=level)
        correlated = correlation(b, a, tolerance) if len(a) >= INTERVAL_FROM else None
    return Difference(
        quantity=quantity,
        unpaired=unpaired,
        n_a=len(a),
        n_b=len(b),
        dropped_a=int(np.count_nonzero(has_a)) - len(a),
        dropped_b=int(np.count_nonzero(has_b)) - len(b),
        a=t_interval(a, level=level) if len(a) else None,
        b=t_interval(b, level=level) if len(b) else None,
        difference=found,
        correlation=correlated,
        equal=equal,
    )


def why_unpaired(a: Measured, rows_a: Sequence[int], b: Measured, rows_b: Sequence[int], values: BothSides) -> str:
    """Why replicates of both sides are not pairs; empty: in each that both have, seeds and splits agree."""
    if a.side.spec.seed != b.side.spec.seed:
        return OTHER_SEEDS
    common = np.flatnonzero(np.isfinite(values.a) & np.isfinite(values.b)).tolist()
    if not common:
        return NO_COMMON
    for replicate in common:
        if a.seeds_and_splits(rows_a, replicate) != b.seeds_and_splits(rows_b, replicate):
            return OTHER_SPLITS
    return ""


def values(a: Values, b: Values, responses_a: Sequence[Values], responses_b: Sequence[Values]) -> BothSides:
    """Values of both sides, from as many replicates as each has.

    Args:
        a: of A.
        b: of B.
        responses_a: the responses that A's values were made of, each of the shape of `a`.
        responses_b: the same of B.
    """
    size = max(len(a), len(b))
    sizes = [np.abs(padded(x, size)) for x in (*responses_a, *responses_b)]
    return BothSides(a=padded(a, size), b=padded(b, size), size=np.fmax.reduce(sizes))


def _paired(differences: Values, tolerance: float, *, level: float) -> Interval | None:
    return t_interval(differences, level=level, tolerance=tolerance) if len(differences) else None


def _unpaired(a: Values, b: Values, *, level: float) -> Interval | None:
    if not len(a) or not len(b):
        return None
    if min(len(a), len(b)) < INTERVAL_FROM or max(map(_spread, (a, b))) <= 0:
        return Interval(value=mean(b) - mean(a), level=level, method="welch")
    return welch_interval(b, a, level=level)


def _spread(values: Values) -> float:
    """How far values lie apart beyond rounding; 0 or less: they are equal."""
    return float(np.ptp(values) - np.max(rounding_tolerance(values)))
