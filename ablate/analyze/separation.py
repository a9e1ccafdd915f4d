"""Which diagnostic separates the two arms of a claim most: STATISTICS (h). An association, found afterwards."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from ablate.analyze.claim import sides
from ablate.analyze.distribution import t_quantile
from ablate.analyze.estimable import Estimable
from ablate.analyze.judgement import claimed
from ablate.analyze.outcome import Outcomes
from ablate.analyze.paired import INTERVAL_FROM
from ablate.analyze.student import Values
from ablate.analyze.summary import Separation, Verdict
from ablate.config.diagnostic import DIAGNOSTICS, MOMENTS
from ablate.config.spec import StudySpec
from ablate.design.point import DesignPoint

MINUS = "−"
ALPHA = 0.05
"""How often something is named where there is nothing, of all that is looked at for one claim (Bonferroni)."""

NOTE = (
    "What separates the arms of a claim most was found afterwards, among all diagnostics: it goes with the difference, "
    "and is exploratory, not a cause."
)


def separated(
    spec: StudySpec, points: Sequence[DesignPoint], found: Outcomes, verdicts: Sequence[Verdict]
) -> tuple[Verdict, ...]:
    """The verdicts, each with the diagnostic that separates its claim's arms most.

    Raises:
        DesignError: the design points do not carry a claim's contrast.
    """
    return tuple(replace(v, why=separation(claimed(spec, points, v.claim), found, sides(v.claim))) for v in verdicts)


def separation(estimable: Estimable, found: Outcomes, names: tuple[str, str]) -> Separation | None:
    """The diagnostic and moment with the largest standardised difference; None where nothing can be compared.

    Per replicate: the mean over the arm's design points minus that over the reference's, of the logarithm where a
    diagnostic counts by ratios. The separation is the mean of these differences over their SD or the diagnostic's
    floor, whichever is larger. A replicate that lacks a value counts for nothing; three are needed. Ties
    go to the first in the order of `DIAGNOSTICS`, then of moments.

    Args:
        estimable: The claim's contrast.
        found: The records; diverged trials count as far as they were measured.
        names: What the arm and the reference are called.
    """
    candidates = list(_candidates(estimable, found))
    if not candidates:
        return None
    best, n = max(candidates, key=lambda c: abs(c[0].separation))
    separates = _exceeds(best.separation, n, among=len(candidates))
    line = _sentence(best, names) if separates else "none of the diagnostics separates the arms"
    return replace(best, separates=separates, line=line)


def centre(name: str, values: Values) -> float:
    """The mean of a diagnostic: geometric where it counts by ratios and no value is 0."""
    if _is_logarithmic(name, values):
        return float(np.exp(np.mean(np.log(values))))
    return float(np.mean(values))


def measured(found: Outcomes, row: int, name: str, moment: str) -> Values:
    """One diagnostic of a design point's trials, shape (replicates,); NaN where there is none."""
    records = found.records[row]
    return np.array(
        [math.nan if r is None else r.diagnostics.get(name, {}).get(moment, math.nan) for r in records],
        dtype=np.float64,
    )


def point_diagnostics(found: Outcomes, row: int) -> dict[str, dict[str, float]]:
    """Diagnostic → moment → mean over the replicates of a design point that have it."""
    means: dict[str, dict[str, float]] = {}
    for name in DIAGNOSTICS:
        for moment in MOMENTS:
            values = measured(found, row, name, moment)
            if len(finite := values[np.isfinite(values)]):
                means.setdefault(name, {})[moment] = centre(name, finite)
    return means


def unmeasured(spec: StudySpec, found: Outcomes) -> Iterator[str]:
    """Notes on diagnostics that are missing: those that could not be measured, and those that the study names."""
    records = [r for row in found.records for r in row if r is not None and r.state != "failed"]
    if lost := [r for r in records if r.unmeasured]:
        yield (
            f"Diagnostics could not be measured in {len(lost)} of {len(records)} trials, or in part only: "
            f"{lost[0].unmeasured}"
        )
    nowhere = [name for name in spec.diagnostics if not any(name in r.diagnostics for r in records)]
    if records and nowhere:
        yield (
            f"No trial has these diagnostics, which the study names: {', '.join(nowhere)}. They say nothing of these "
            "networks, or the trials were made without them (trainer.diagnostics=false)."
        )


def _candidates(estimable: Estimable, found: Outcomes) -> Iterator[tuple[Separation, int]]:
    """Every diagnostic at every moment that both arms have, and the replicates that it rests on."""
    for name, diagnostic in DIAGNOSTICS.items():
        for moment in MOMENTS:
            arm = np.stack([measured(found, row, name, moment) for row in estimable.arm])
            reference = np.stack([measured(found, row, name, moment) for row in estimable.reference])
            whole = np.isfinite(arm).all(axis=0) & np.isfinite(reference).all(axis=0)
            n = int(np.count_nonzero(whole))
            if n < INTERVAL_FROM:
                continue
            arm, reference = arm[:, whole], reference[:, whole]
            both: Values = np.concatenate([arm.ravel(), reference.ravel()])
            if _is_logarithmic(name, both):
                differences: Values = np.log(arm).mean(axis=0) - np.log(reference).mean(axis=0)
            else:
                # A ratio that is 0 somewhere has no logarithm: its floor is then a share of the largest.
                scale = (float(np.max(both)) or 1.0) if diagnostic.ratio else 1.0
                differences = (arm.mean(axis=0) - reference.mean(axis=0)) / scale
            spread = max(float(np.std(differences, ddof=1)), diagnostic.floor)
            yield (
                Separation(
                    diagnostic=name,
                    moment=moment,
                    arm=centre(name, arm.ravel()),
                    reference=centre(name, reference.ravel()),
                    separation=float(np.mean(differences)) / spread,
                    separates=False,
                    line="",
                ),
                n,
            )


def _is_logarithmic(name: str, values: Values) -> bool:
    return DIAGNOSTICS[name].ratio and bool((values > 0).all())


def _exceeds(separation: float, n: int, *, among: int) -> bool:
    """Whether t = separation · √n is beyond its quantile, two-sided, at a share of α for each that was looked at."""
    return abs(separation) * math.sqrt(n) > t_quantile(1 - ALPHA / (2 * among), n - 1)


def _sentence(best: Separation, names: tuple[str, str]) -> str:
    size = abs(best.separation)
    apart = f"{size:.0f}" if size >= 10 else f"{size:.2g}"
    digits = ".4g" if f"{best.arm:.2g}" == f"{best.reference:.2g}" else ".2g"
    arm, reference = (f"{x:{digits}}".replace("-", MINUS) for x in (best.arm, best.reference))
    return (
        f"what separates them most: {DIAGNOSTICS[best.diagnostic].title} at the {best.moment}, "
        f"{arm} in {names[0]} and {reference} in {names[1]} ({apart} SD apart)"
    )
