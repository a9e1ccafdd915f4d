"""Lenth's method: the effects beyond the noise, where one replicate gives no error term."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ablate.analysis.effects.column import column_effect
from ablate.analysis.statistics.distribution import t_quantile
from ablate.analysis.statistics.rounding_tolerance import rounding_tolerance
from ablate.analysis.statistics.student import Values
from ablate.analysis.summary import Lenth, LenthEffect
from ablate.config.spec import StudySpec
from ablate.design import DesignPoint, design_of

MIN_EFFECTS = 7
"""With fewer effects there are too few small ones to estimate the noise from."""


def lenth(spec: StudySpec, points: Sequence[DesignPoint], scores: Values, *, level: float = 0.95) -> Lenth | str:
    """Judges the effects of one replicate of a two-level design by the smaller ones among them.

    All effects of a whole factorial, up to the highest order, or all columns of a fraction.

    Args:
        spec: the study.
        points: its design points.
        scores: shape (design points, 1); NaN where a trial has no score.
        level: of both margins.

    Returns:
        The effects with their margins of error, or a sentence that says why there are none.
    """
    found = design_of(spec).columns(spec.factors, points)
    if scores.shape[1] != 1 or len(found) < MIN_EFFECTS:
        return f"Lenth's method takes one replicate of a two-level design with at least {MIN_EFFECTS} effects."
    if not np.all(np.isfinite(scores)):
        return "Lenth's method needs every trial of the replicate, and at least one has no response."
    values = [column_effect(column, scores[:, 0]) for column in found]
    pse = pseudo_standard_error(values)
    if pse <= np.max(rounding_tolerance(scores)):
        return "Lenth's method finds no noise to go by: half of the effects or more are zero."
    df = len(found) / 3
    margin = pse * t_quantile((1 + level) / 2, df)
    simultaneous = pse * t_quantile((1 + level ** (1 / len(found))) / 2, df)
    return Lenth(
        effects=tuple(
            LenthEffect(
                name=column.name,
                factors=column.factors,
                aliases=column.aliases,
                value=value,
                beyond_margin=abs(value) > margin,
                beyond_simultaneous_margin=abs(value) > simultaneous,
            )
            for column, value in zip(found, values, strict=True)
        ),
        pse=pse,
        df=df,
        margin=margin,
        simultaneous_margin=simultaneous,
        level=level,
    )


def pseudo_standard_error(effects: npt.ArrayLike) -> float:
    """1.5 times the median of the effects' sizes, without those that are beyond 2.5 times as much.

    Source: Lenth, Technometrics 31 (1989), 469–473.
    """
    sizes = np.abs(np.asarray(effects, dtype=np.float64))
    rough = 1.5 * np.median(sizes)
    small = sizes[sizes < 2.5 * rough]
    return float(1.5 * np.median(small)) if len(small) else 0.0
