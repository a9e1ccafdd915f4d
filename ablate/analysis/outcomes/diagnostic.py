"""A diagnostic over a study's trials: its values, its mean, and where it is missing."""

import math
from collections.abc import Iterator

import numpy as np

from ablate.analysis.outcomes.outcome import Outcomes
from ablate.analysis.statistics.student import Values
from ablate.config.diagnostic import DIAGNOSTICS, MOMENTS
from ablate.config.spec import StudySpec


def counts_by_logarithm(name: str, values: Values) -> bool:
    """Whether a diagnostic is averaged and compared as logarithms: it counts by ratios, and no value is 0."""
    return DIAGNOSTICS[name].ratio and bool((values > 0).all())


def centre(values: Values, *, logarithmic: bool) -> float:
    """The mean of a diagnostic, geometric or arithmetic."""
    return float(np.exp(np.mean(np.log(values)))) if logarithmic else float(np.mean(values))


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
                means.setdefault(name, {})[moment] = centre(finite, logarithmic=counts_by_logarithm(name, finite))
    return means


def unmeasured(spec: StudySpec, found: Outcomes) -> Iterator[str]:
    """Notes on diagnostics that are missing: those that could not be measured, and those that the study names."""
    records = [r for row in found.records for r in row if r is not None and r.is_result]
    if lost := [r for r in records if r.unmeasured]:
        yield (
            f"Diagnostics could not be measured in {len(lost)} of {len(records)} trials, or in part only: "
            f"{lost[0].unmeasured}"
        )
    nowhere = [name for name in spec.diagnostics if not any(name in r.diagnostics for r in records)]
    if records and nowhere:
        yield (
            f"No trial has these diagnostics, which the study names: {', '.join(nowhere)}. They say nothing of these "
            "networks, or the trials were made without them (trainer.diagnostics=false): another results_dir makes "
            "them anew."
        )
    bare = sum(not r.diagnostics and r.unmeasured is None for r in records)
    if spec.diagnostics and 0 < bare < len(records):
        yield (
            f"{bare} of {len(records)} trials were made without diagnostics, which the study names "
            "(trainer.diagnostics=false): the others' alone are shown. Another results_dir makes them anew."
        )
