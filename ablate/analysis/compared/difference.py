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
    """What both sides estimate in each replicate: a contrast, or the mean of a design point."""

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
    """Why replicates are not paired; empty: they are."""
    n_a: int
    """Replicates of A that count; if paired, the number of pairs."""
    n_b: int
    """Replicates of B that count."""
    dropped_a: int
    """Replicates of A that have a value and no partner in B."""
    dropped_b: int
    a: Interval | None
    """The mean of A over the replicates that count; None: there are none."""
    b: Interval | None
    """The same of B."""
    difference: Interval | None
    """B − A. Without bounds where a side has under three replicates, or nothing varies."""
    correlation: float | None
    """Pearson's, of the pairs; None: unpaired, too few, or a side does not vary."""
    equal: int
    """Pairs in which both values are equal within the rounding of single precision."""


@dataclass(frozen=True, kw_only=True)
class BothSides:
    """Values of both sides, each of shape (replicates,), with NaN where there is none."""

    a: Values
    b: Values
    magnitude: Values
    """The largest absolute response behind either value, of the same shape: rounding is relative to it."""


def difference(
    quantity: Quantity,
    both: BothSides,
    *,
    unpaired: str,
    level: float = 0.95,
) -> Difference:
    """The difference B − A: paired by replicate, else of two independent groups of unequal variance.

    Args:
        quantity: what is compared.
        both: its values; position i is the same replicate on both sides.
        unpaired: why replicates are not paired; empty: they are.
        level: confidence level of the intervals.
    """
    has_a, has_b = np.isfinite(both.a), np.isfinite(both.b)
    common = has_a & has_b
    if unpaired:
        a, b = both.a[has_a], both.b[has_b]
        found = _unpaired(a, b, level=level)
        equal, correlated = 0, None
    else:
        a, b = both.a[common], both.b[common]
        tolerance = rounding_tolerance(a, b, both.magnitude[common])
        equal = int(np.count_nonzero(np.abs(b - a) <= tolerance))
        # Where all pairs are equal, an interval of their rounding errors would mean nothing: there are no bounds.
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


def why_unpaired(a: Measured, rows_a: Sequence[int], b: Measured, rows_b: Sequence[int], both: BothSides) -> str:
    """Why replicates are not paired; empty: they are, because seeds and splits agree wherever both have a value."""
    if a.side.spec.seed != b.side.spec.seed:
        return OTHER_SEEDS
    common = np.flatnonzero(np.isfinite(both.a) & np.isfinite(both.b)).tolist()
    if not common:
        return NO_COMMON
    for replicate in common:
        if a.seeds_and_splits(rows_a, replicate) != b.seeds_and_splits(rows_b, replicate):
            return OTHER_SPLITS
    return ""


def both_sides(a: Values, b: Values, responses_a: Sequence[Values], responses_b: Sequence[Values]) -> BothSides:
    """Puts the values of both sides side by side, with NaN for replicates that one of them did not plan.

    Args:
        a: values of A, of shape (replicates of A,).
        b: values of B, of shape (replicates of B,).
        responses_a: the responses that A's values were computed from, each of the shape of `a`.
        responses_b: the same for B.
    """
    count = max(len(a), len(b))
    magnitudes = [np.abs(padded(x, count)) for x in (*responses_a, *responses_b)]
    return BothSides(a=padded(a, count), b=padded(b, count), magnitude=np.fmax.reduce(magnitudes))


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
