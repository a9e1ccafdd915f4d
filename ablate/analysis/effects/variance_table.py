"""The variance table of a balanced design: its sum of squares by source."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ablate.analysis.effects.column import column_effect
from ablate.analysis.statistics.distribution import f_survival
from ablate.analysis.statistics.rounding_tolerance import rounding_tolerance
from ablate.analysis.statistics.student import Values
from ablate.analysis.statistics.variation import Division, Variation, divide, f_ratio, omega_squared, pool
from ablate.analysis.summary import TEST_FROM, Source, VarianceTable
from ablate.config.spec import StudySpec
from ablate.design import DesignPoint, design_of
from ablate.design.point import cell

Points = Sequence[DesignPoint]
MAX_SQUARED = 1e150
"""Larger responses have squares that overflow; smaller differences than its inverse have none."""


@dataclass(frozen=True, kw_only=True)
class _Effect:
    factors: tuple[str, ...]
    variation: Variation
    aliases: str = ""

    @property
    def name(self) -> str:
        return "·".join(self.factors)


def variance_table(
    spec: StudySpec, points: Points, scores: Values, *, pool_above: int | None = None
) -> VarianceTable | str:
    """Divides the scores' sum of squares among the replicate, the effects and the residual.

    Of a complete crossing of the levels that occur, or of a regular two-level fraction, where effects that
    share a column stand there once. A replicate that lacks a trial is left out whole: with an empty place the
    parts would not add up.

    Args:
        spec: the study.
        points: its design points.
        scores: shape (design points, replicates); NaN where a trial has no score.
        pool_above: interactions of more factors than this are declared negligible and go to the residual;
            at least 1. None keeps all.

    Returns:
        The table, or a sentence that says why there is none.
    """
    used = np.flatnonzero(np.all(np.isfinite(scores), axis=0))
    if not len(used):
        return "No variance table: no replicate has all its trials."
    y = scores[:, used]
    tolerance = float(np.max(rounding_tolerance(y)))
    if np.max(np.abs(y)) > MAX_SQUARED:
        return "No variance table: a response is too large to square."
    if np.ptp(y) <= max(tolerance, 1 / MAX_SQUARED):
        return "No variance table: all responses are equal."
    divided = _crossing(spec, points, y) or _columns(spec, points, y)
    if divided is None:
        return (
            f"No variance table: the {len(points)} design points are not a complete crossing of the levels, and "
            "sums of squares would not add up. The contrasts stand."
        )
    division, effects = divided
    highest = math.inf if pool_above is None else pool_above
    kept = [effect for effect in effects if len(effect.factors) <= highest]
    negligible = [effect for effect in effects if len(effect.factors) > highest]
    residual = pool([division.error, *(effect.variation for effect in negligible)])
    # Where trainings repeat exactly, what is left is rounding, and F would be enormous.
    error = residual if residual.df and math.sqrt(residual.ss / residual.df) > tolerance else None
    blocks = _Effect(factors=(), variation=division.replicate)

    def source(name: str, part: _Effect) -> Source:
        return _source(name, part, total=division.total, error=error, tested=len(used) >= TEST_FROM)

    return VarianceTable(
        replicates=tuple(used.tolist()),
        dropped=scores.shape[1] - len(used),
        replicate=source("replicate", blocks) if len(used) > 1 else None,
        effects=tuple(source(effect.name, effect) for effect in kept),
        residual=_share("residual", residual, division.total) if residual.df else None,
        pooled=tuple(effect.name for effect in negligible),
        ss=division.total.ss,
        df=division.total.df,
    )


def _crossing(spec: StudySpec, points: Points, y: Values) -> tuple[Division, tuple[_Effect, ...]] | None:
    """Divides a complete crossing of the levels that occur; None where a cell is empty."""
    names = spec.names
    sizes = [len({point.levels[name] for point in points}) for name in names]
    if len({cell(point.levels) for point in points}) < math.prod(sizes):
        return None
    order = sorted(range(len(points)), key=lambda row: [points[row].levels[name] for name in names])
    division = divide(y[order].reshape(*sizes, -1))
    return division, tuple(
        _Effect(factors=tuple(names[axis] for axis in axes), variation=variation)
        for axes, variation in division.effects.items()
    )


def _columns(spec: StudySpec, points: Points, y: Values) -> tuple[Division, tuple[_Effect, ...]] | None:
    """Divides column by column; None where the design has no columns."""
    means = np.mean(y - y.flat[0], axis=1)
    effects = tuple(
        _Effect(
            factors=column.factors,
            aliases=column.aliases,
            variation=Variation(ss=y.size / 4 * column_effect(column, means) ** 2, df=1),
        )
        for column in design_of(spec).columns(spec.factors, points)
    )
    return (divide(y), effects) if effects else None


def _source(name: str, part: _Effect, *, total: Variation, error: Variation | None, tested: bool) -> Source:
    """A line of the table; F and p where there is an error term."""
    line = dataclasses.replace(_share(name, part.variation, total), factors=part.factors, aliases=part.aliases)
    if error is None:
        return line
    f = f_ratio(part.variation, error)
    return dataclasses.replace(
        line,
        omega_squared=omega_squared(part.variation, error=error, total=total) if part.factors else None,
        f=f,
        p=f_survival(f, line.df, error.df) if tested else None,
    )


def _share(name: str, part: Variation, total: Variation) -> Source:
    return Source(
        name=name,
        factors=(),
        ss=part.ss,
        df=part.df,
        share=part.ss / total.ss,
        noise_share=part.df / total.df,
    )
