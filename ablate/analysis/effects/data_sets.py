"""A contrast over data sets: a paired difference on each, and what they say together, STATISTICS (n)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ablate.analysis.effects.comparison import Comparison
from ablate.analysis.statistics.paired import paired
from ablate.analysis.statistics.ranks import average_ranks, critical_difference, friedman, iman_davenport, signed_rank
from ablate.analysis.statistics.sign_flip import floor
from ablate.analysis.statistics.student import Values, mean, sd, t_interval
from ablate.analysis.summary import TEST_FROM, Across, Contrast, Paired, Ranks, SetEffect, SignFlip
from ablate.config.spec import Claim, StudySpec
from ablate.design import DesignPoint, design_of
from ablate.design.estimable import Estimable
from ablate.design.point import Cell, cell

BOTH = 2
"""Of fewer levels, data sets or replicates there is no order and no spread."""


def over_data_sets(comparison: Comparison, marginal: Contrast, sets: Mapping[str, Estimable]) -> Contrast:
    """The contrast with data sets in the place of replicates: n is their number, and a pair two means of one.

    A data set without a replicate that has both arms is left out. `replicates` are the places of the others.

    Args:
        comparison: of the scores, on the claim's scale.
        marginal: the contrast over all data sets.
        sets: data set → the contrast on it.
    """
    found = [comparison.contrast(estimable) for estimable in sets.values()]
    spared = [contrast.paired if contrast.survivors is None else contrast.survivors for contrast in found]
    is_spared = any(contrast.survivors is not None for contrast in found)
    return replace(
        marginal,
        paired=_of_means(comparison, [contrast.paired for contrast in found]),
        survivors=_of_means(comparison, spared) if is_spared else None,
    )


def _of_means(comparison: Comparison, pairs: Sequence[Paired]) -> Paired:
    arm, reference = (
        [math.nan if value is None else value for value in values]
        for values in ([p.mean_arm for p in pairs], [p.mean_reference for p in pairs])
    )
    return paired(arm, reference, better=comparison.better, rng=np.random.default_rng(comparison.seed))


def set_effects(
    comparison: Comparison, plain: Comparison, sets: Mapping[str, Estimable], *, alpha: float
) -> tuple[SetEffect, ...]:
    """The difference on each data set, with its (1 − 2α) t interval over the replicates.

    Args:
        comparison: of the scores, on the claim's scale.
        plain: the same in the response's units.
        sets: data set → the contrast on it.
        alpha: of the claim.
    """
    found: list[SetEffect] = []
    for level, estimable in sets.items():
        pair, shown = comparison.contrast(estimable).paired, plain.contrast(estimable).paired
        tolerance = math.inf if pair.identical else 0.0
        differences = np.array(pair.differences)
        found.append(
            SetEffect(
                level=level,
                n=pair.n,
                mean_arm=shown.mean_arm,
                mean_reference=shown.mean_reference,
                difference=t_interval(differences, level=1 - 2 * alpha, tolerance=tolerance) if pair.n else None,
                sd=sd(differences) if pair.n >= BOTH else None,
            )
        )
    return tuple(found)


def spread(effects: Sequence[SetEffect]) -> tuple[float | None, float | None]:
    """The SD of the true differences over data sets, and the standard error of one data set's mean difference.

    By moments: the variance of the means less the mean of their squared standard errors, 0 at the least. With as many
    replicates of each and equal spreads it is the REML estimate.
    Source: L. Hedges, I. Olkin, Statistical Methods for Meta-Analysis (1985), section 9.B.
    """
    known = [e for e in effects if e.difference is not None and e.sd is not None and e.n]
    if len(known) < BOTH or len(known) < len([e for e in effects if e.n]):
        return None, None
    means = np.array([e.difference.value for e in known if e.difference is not None])
    noise = mean(np.array([e.sd**2 / e.n for e in known if e.sd is not None]))
    return math.sqrt(max(0.0, sd(means) ** 2 - noise)), math.sqrt(noise)


def wilcoxon(comparison: Comparison, pair: Paired) -> SignFlip | None:
    """Wilcoxon's signed-rank test over data sets; None with under five, or without a difference."""
    if pair.n < TEST_FROM:
        return None
    return signed_rank(np.array(pair.differences), rng=np.random.default_rng(comparison.seed))


def ranked(comparison: Comparison, rows: Mapping[str, Mapping[str, Sequence[int]]]) -> Ranks | None:
    """The levels of a factor by their ranks on each data set.

    Args:
        comparison: of the scores.
        rows: data set → level → the design points that have both, at the same settings for all levels.

    Returns:
        None where there is no order: under two data sets, or a level without a score on one of them.
    """
    levels = tuple(next(iter(rows.values()))) if rows else ()
    scores: Values = np.array([[_score(comparison, of[level]) for level in levels] for of in rows.values()])
    sets, arms = len(rows), len(levels)
    if sets < BOTH or arms < BOTH or not np.isfinite(scores).all():
        return None
    average = average_ranks(scores, higher_is_better=comparison.better == "higher")
    found = Ranks(
        levels=levels,
        average=tuple(average.tolist()),
        sets=sets,
        friedman=None,
        friedman_p=None,
        iman_davenport=None,
        iman_davenport_p=None,
        critical_difference=None,
    )
    if sets < TEST_FROM:
        return found
    chi2, chi2_p = friedman(scores)
    f, f_p = iman_davenport(chi2, sets=sets, arms=arms)
    return replace(
        found,
        friedman=chi2,
        friedman_p=chi2_p,
        iman_davenport=f if math.isfinite(f) else None,
        iman_davenport_p=f_p,
        critical_difference=critical_difference(sets=sets, arms=arms),
    )


def _score(comparison: Comparison, rows: Sequence[int]) -> float:
    """The mean over the replicates that all of these points have."""
    values = comparison.scores[list(rows)].mean(axis=0)
    finite = values[np.isfinite(values)]
    return mean(finite) if len(finite) else math.nan


def across(
    spec: StudySpec,
    points: Sequence[DesignPoint],
    comparison: Comparison,
    claim: Claim,
    *,
    estimable: Estimable,
    sets: Mapping[str, Estimable],
) -> Across:
    """What a claim across data sets rests on.

    Args:
        spec: the study.
        points: its design points.
        comparison: of their scores, in the response's units.
        claim: names the factor of the data sets.
        estimable: its contrast over all of them.
        sets: data set → the contrast on it.
    """
    scaled = comparison.on(claim.scale)
    effects = set_effects(scaled, comparison, sets, alpha=claim.alpha)
    between, noise = spread(effects)
    marginal = scaled.contrast(estimable).paired
    pair = over_data_sets(scaled, scaled.contrast(estimable), sets).paired
    tolerance = math.inf if marginal.identical else 0.0
    return Across(
        factor=claim.across,
        sets=effects,
        marginal=t_interval(np.array(marginal.differences), level=1 - 2 * claim.alpha, tolerance=tolerance)
        if marginal.n
        else None,
        between=between,
        noise=noise,
        signed_rank=wilcoxon(scaled, pair),
        ranks=ranked(comparison, rank_rows(spec, points, claim)),
        limit=limit(pair.n),
    )


def limit(n: int) -> str:
    """What so few data sets cannot tell; empty from five on."""
    if n >= TEST_FROM:
        return ""
    if n < BOTH:
        return f"{n} data set{'s' * (n != 1)} cannot tell what holds across data sets"
    return (
        f"{n} data sets cannot tell what holds across data sets: if all of them agreed, a sign-flip p would still be "
        f"{floor(n):.3g}"
    )


def rank_rows(spec: StudySpec, points: Sequence[DesignPoint], claim: Claim) -> dict[str, dict[str, tuple[int, ...]]]:
    """Data set → level of the compared factor → its design points, at the settings of the others that all levels have.

    In a fraction, where no two points differ in one factor alone, all points of the level.
    """
    (compared,) = claim.contrast
    found: dict[str, dict[str, tuple[int, ...]]] = {}
    for data_set in spec.factor(claim.across).levels:
        by_level: dict[str, dict[Cell, int]] = {}
        for row, point in enumerate(points):
            held = {name: level for name, level in point.levels.items() if name != compared}
            if held[claim.across] == data_set and claim.at.items() <= held.items():
                by_level.setdefault(point.levels[compared], {})[cell(held)] = row
        if not by_level:
            continue
        shared = [at for at in next(iter(by_level.values())) if all(at in settings for settings in by_level.values())]
        found[data_set] = {
            level: tuple(row for at, row in settings.items() if design_of(spec).is_fraction or at in shared)
            for level, settings in by_level.items()
        }
    first = set(next(iter(found.values()), ()))
    is_whole = all(set(of) == first and all(of.values()) for of in found.values())
    return found if is_whole else {}
