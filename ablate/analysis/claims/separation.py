"""The diagnostic that separates the two arms of a claim most. An association, found afterwards."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ablate.analysis.claims.claim import sides
from ablate.analysis.claims.judgement import claimed
from ablate.analysis.outcomes.activation_type import activation_types
from ablate.analysis.outcomes.diagnostic import centre, counts_by_logarithm, measured
from ablate.analysis.outcomes.outcome import Outcomes
from ablate.analysis.statistics.distribution import t_quantile
from ablate.analysis.statistics.student import Values
from ablate.analysis.summary import INTERVAL_FROM, Separation, Verdict
from ablate.config.diagnostic import DIAGNOSTICS, MOMENTS, measured_as
from ablate.config.spec import StudySpec
from ablate.design.estimable import Estimable
from ablate.design.point import DesignPoint

MINUS = "−"
ALPHA = 0.05
"""The probability of naming a diagnostic where none differs, over all that are compared for one claim (Bonferroni)."""

NOTE = (
    "What separates the arms of a claim most was found afterwards, among all diagnostics: it goes with the difference, "
    "and is exploratory, not a cause. Diagnostics are ranked by the mean difference in SDs of the paired differences; "
    "where all replicates agree, or nearly, a floor stands for the SD (.01 of a fraction, 5% of a ratio, .05 of a "
    "slope), and no number of SDs is given. A difference that is there before the first step, and does not grow beyond "
    "chance while they train, restates what was varied: it is not named."
)
BY_DEFINITION = (
    "The {title} is not among what is compared for claims whose arms have other hidden activations: {reason}, so that "
    "it would differ by definition."
)


def separated(
    spec: StudySpec, points: Sequence[DesignPoint], found: Outcomes, verdicts: Sequence[Verdict]
) -> tuple[Verdict, ...]:
    """The verdicts, each with the diagnostic that separates its claim's arms most; an interaction has no two arms.

    Raises:
        DesignError: the design points do not carry a claim's contrast.
    """
    return tuple(
        replace(v, why=separation(claimed(spec, points, v.claim), found, sides(v.claim), response=spec.response.name))
        if v.claim.contrast
        else v
        for v in verdicts
    )


def separation_notes(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """How to read what separates the arms of the claims, and what was left out; nothing where nothing separates."""
    if any(v.why and v.why.separates for v in verdicts):
        yield NOTE
    left_out = {name for v in verdicts if v.why for name in v.why.left_out}
    for name, diagnostic in DIAGNOSTICS.items():
        if name in left_out:
            yield BY_DEFINITION.format(title=diagnostic.title, reason=diagnostic.by_activation)


def separation(
    estimable: Estimable, found: Outcomes, names: tuple[str, str], *, response: str = ""
) -> Separation | None:
    """The diagnostic and moment with the largest separation of those beyond chance; None where none can be compared.

    Per replicate: the mean over the arm's design points minus that over the reference's, of the logarithm where a
    diagnostic counts by ratios. The separation is the mean of these differences over their SD or the diagnostic's
    floor, whichever is larger. A replicate that lacks a value counts for nothing; three are needed. What is beyond
    chance depends on how many replicates a diagnostic has; where nothing is, the largest is returned and said not to
    separate. A difference that restates the manipulation (`_restates`) is not named; where there is no other, the
    largest is returned with an empty line. Ties go to the first in the order of `DIAGNOSTICS`, then of moments. Where
    the arms have other types of activation, what differs by definition is left out: a ReLU is off in about half of all
    places, a tanh in none.

    Args:
        estimable: The claim's contrast.
        found: The records; diverged trials count as far as they were measured.
        names: What the arm and the reference are called.
        response: What the claim is about: a diagnostic does not separate the arms of a claim on itself.
    """
    itself = measured_as(response)
    by_activation = tuple(name for name, diagnostic in DIAGNOSTICS.items() if diagnostic.by_activation)
    left_out = () if _same_activations(estimable, found) else by_activation
    candidates = {
        (each.separation.diagnostic, each.separation.moment): each
        for each in _candidates(estimable, found, left_out)
        if itself is None or each.separation.diagnostic != itself[1]
    }
    if not candidates:
        return None
    among = len(candidates)
    beyond = [each for each in candidates.values() if _exceeds(each.separation.separation, each.n, among=among)]
    learned = [each for each in beyond if not _restates(each, candidates, among=among)]
    best = max(learned or beyond or candidates.values(), key=lambda each: abs(each.separation.separation)).separation
    line = _sentence(best, names) if learned else "" if beyond else "none of the diagnostics separates the arms"
    return replace(best, separates=bool(learned), restates=bool(beyond) and not learned, line=line)


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    """A diagnostic at a moment."""

    separation: Separation
    n: int
    """Replicates that it rests on."""
    differences: Values
    """Arm − reference of each replicate; NaN where one of them lacks it."""
    logarithmic: bool
    floor: float


def _restates(candidate: _Candidate, candidates: Mapping[tuple[str, str], _Candidate], *, among: int) -> bool:
    """Whether a difference is that of the untrained networks, which the manipulation made, and training added nothing.

    It is if the arms differ beyond chance before the first step, and the difference does not grow beyond chance, by the
    paired changes since. What does not move while a network trains is a property of the data, and restates nothing.
    """
    name, moment = candidate.separation.diagnostic, candidate.separation.moment
    if not DIAGNOSTICS[name].moves:
        return False
    start = candidates.get((name, MOMENTS[0]))
    if start is None or start.logarithmic != candidate.logarithmic:
        return False
    if moment == MOMENTS[0]:
        return True
    if not _exceeds(start.separation.separation, start.n, among=among):
        return False
    sign = math.copysign(1.0, candidate.separation.separation)
    changes: Values = sign * (candidate.differences - start.differences)
    growth: Values = changes[np.isfinite(changes)]
    if len(growth) < INTERVAL_FROM:
        return True
    grown = float(np.mean(growth)) / max(float(np.std(growth, ddof=1)), candidate.floor)
    return grown <= 0 or not _exceeds(grown, len(growth), among=among)


def _same_activations(estimable: Estimable, found: Outcomes) -> bool:
    """Whether the hidden activations of both arms are the same, taken over the settings of the other factors."""
    arm, reference = (
        frozenset[object]().union(*(activation_types(found, row) for row in rows))
        for rows in (estimable.arm, estimable.reference)
    )
    return arm == reference


def _candidates(estimable: Estimable, found: Outcomes, left_out: Sequence[str]) -> Iterator[_Candidate]:
    """Every diagnostic at every moment that both arms have, in at least three replicates."""
    arms, references = ([measured(found, row) for row in rows] for rows in (estimable.arm, estimable.reference))
    for name, diagnostic in DIAGNOSTICS.items():
        for moment in MOMENTS if name not in left_out else ():
            if not all((name, moment) in values for values in (*arms, *references)):
                continue
            arm = np.stack([values[name, moment] for values in arms])
            reference = np.stack([values[name, moment] for values in references])
            whole = np.isfinite(arm).all(axis=0) & np.isfinite(reference).all(axis=0)
            n = int(np.count_nonzero(whole))
            if n < INTERVAL_FROM:
                continue
            every: Values = np.full(int(np.size(whole)), np.nan)
            arm, reference = arm[:, whole], reference[:, whole]
            both: Values = np.concatenate([arm.ravel(), reference.ravel()])
            logarithmic = counts_by_logarithm(name, both)
            if logarithmic:
                differences: Values = np.log(arm).mean(axis=0) - np.log(reference).mean(axis=0)
            else:
                # A ratio that is 0 somewhere has no logarithm: its floor is then a share of the largest.
                scale = (float(np.max(both)) or 1.0) if diagnostic.ratio else 1.0
                differences = (arm.mean(axis=0) - reference.mean(axis=0)) / scale
            spread = float(np.std(differences, ddof=1))
            every[whole] = differences
            yield _Candidate(
                separation=Separation(
                    diagnostic=name,
                    moment=moment,
                    arm=centre(arm.ravel(), logarithmic=logarithmic),
                    reference=centre(reference.ravel(), logarithmic=logarithmic),
                    separation=float(np.mean(differences)) / max(spread, diagnostic.floor),
                    floored=spread < diagnostic.floor,
                    separates=False,
                    left_out=tuple(left_out),
                    line="",
                ),
                n=n,
                differences=every,
                logarithmic=logarithmic,
                floor=diagnostic.floor,
            )


def _exceeds(separation: float, n: int, *, among: int) -> bool:
    """Whether t = separation · √n is beyond its quantile, two-sided, at α divided by the number compared."""
    return abs(separation) * math.sqrt(n) > t_quantile(1 - ALPHA / (2 * among), n - 1)


def _sentence(best: Separation, names: tuple[str, str]) -> str:
    size = abs(best.separation)
    apart = "" if best.floored else f" ({size:.0f} SD apart)" if size >= 10 else f" ({size:.2g} SD apart)"
    digits = ".4g" if f"{best.arm:.2g}" == f"{best.reference:.2g}" else ".2g"
    arm, reference = (f"{x:{digits}}".replace("-", MINUS) for x in (best.arm, best.reference))
    return (
        f"what separates them most: {DIAGNOSTICS[best.diagnostic].title} at the {best.moment}, "
        f"{arm} in {names[0]} and {reference} in {names[1]}{apart}"
    )
