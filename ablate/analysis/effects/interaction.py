"""Interactions: whether a main effect holds at every level of the other factors."""

import math
from collections.abc import Sequence

from ablate.analysis.effects.comparison import Comparison
from ablate.analysis.statistics.multiplicity import exploratory_q
from ablate.analysis.summary import TEST_FROM, Contrast, Interaction
from ablate.config.spec import StudySpec
from ablate.design import DesignPoint, design_of
from ablate.design.factor_pair import FactorPair

NOTABLE_FDR = 0.05
"""The false discovery rate at which an interaction is not negligible."""


def interactions(
    spec: StudySpec, points: Sequence[DesignPoint], comparison: Comparison
) -> tuple[tuple[Interaction, ...], tuple[str, ...]]:
    """Estimates every two-factor interaction of the design, and says which are not negligible.

    An interaction is notable where the paired t of one of its contrasts has q ≤ 5%, by Benjamini and Hochberg
    over all interaction contrasts of the study. By the t over replicates, because verdicts rest on that error
    term, cells of unequal variance or not; by the false discovery rate and not Holm's family-wise one, because
    an interaction that is overlooked lets a main effect mislead, and one that is noted in vain costs a few rows.

    Returns:
        The interactions, in the order of the factors; notes on those that cannot be estimated or judged.
    """
    crossed = list(design_of(spec).factor_pairs(spec.factors, points))
    pairs = [item for item in crossed if isinstance(item, FactorPair)]
    notes = tuple(item for item in crossed if isinstance(item, str))
    found = [[comparison.contrast(estimable) for estimable in pair.interactions] for pair in pairs]
    q = iter(exploratory_q([contrast.paired.p for contrasts in found for contrast in contrasts]))
    estimated = tuple(
        _interaction(pair, contrasts, tuple(next(q) for _ in contrasts), comparison)
        for pair, contrasts in zip(pairs, found, strict=True)
    )
    if any(interaction.notable is None for interaction in estimated):
        notes = (
            *notes,
            f"Whether factors interact is judged from {TEST_FROM} replicates on, where they do not all show the same "
            "difference. Here some interactions are not judged: where there is one, a main effect alone misleads.",
        )
    return estimated, notes


def _interaction(
    pair: FactorPair, contrasts: Sequence[Contrast], q: tuple[float | None, ...], comparison: Comparison
) -> Interaction:
    smallest = min((value for value in q if value is not None), default=math.inf)
    notable = True if smallest <= NOTABLE_FDR else None if None in q else False
    return Interaction(
        factors=pair.factors,
        contrasts=tuple(contrasts),
        q=q,
        notable=notable,
        simple=tuple(comparison.contrast(estimable) for estimable in pair.simple) if notable else (),
        note=_note(pair, smallest) if notable else "",
    )


def _note(pair: FactorPair, q: float) -> str:
    one, other = pair.factors
    if not pair.simple:
        effect = pair.interactions[0].aliases or f"{one}·{other}"
        return (
            f"{effect} is not negligible (q = {q:.2g}). This fraction aliases it, or its main effects, with other "
            "effects, so that there are no simple effects to read: a main effect alone may mislead."
        )
    return (
        f"{one} and {other} interact (q = {q:.2g}): the effect of each depends on the level of the other, and its main "
        "effect alone misleads. Read the simple effects."
    )
