"""A diagnostic over a study's trials: its values, its mean, and where it is missing."""

import math
from collections.abc import Iterator
from itertools import product

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


def measured(found: Outcomes, row: int) -> dict[tuple[str, str], Values]:
    """Diagnostic and moment → its values in a design point's trials, shape (replicates,); NaN where there is none."""
    records = found.records[row]
    values: dict[tuple[str, str], Values] = {}
    for replicate, record in ((r, record) for r, record in enumerate(records) if record is not None):
        for name, moments in record.diagnostics.items():
            for moment, value in moments.items():
                if (name, moment) not in values:
                    values[name, moment] = np.full(len(records), math.nan)
                values[name, moment][replicate] = value
    return values


def point_diagnostics(found: Outcomes, row: int) -> dict[str, dict[str, float]]:
    """Diagnostic → moment → mean over the replicates of a design point that have it."""
    values = measured(found, row)
    means: dict[str, dict[str, float]] = {}
    for name, moment in product(DIAGNOSTICS, MOMENTS):
        each = values.get((name, moment), np.empty(0))
        if len(finite := each[np.isfinite(each)]):
            means.setdefault(name, {})[moment] = centre(finite, logarithmic=counts_by_logarithm(name, finite))
    return means


def unmeasured(spec: StudySpec, found: Outcomes) -> Iterator[str]:
    """Notes on diagnostics that are missing: those that could not be measured, and those that the study names."""
    results = bare = lost = 0
    reason, there = "", set[str]()
    for record in (r for row in found.records for r in row if r is not None and r.is_result):
        results += 1
        there |= record.diagnostics.keys()
        bare += not record.diagnostics and record.unmeasured is None
        if record.unmeasured:
            lost += 1
            reason = reason or record.unmeasured
    if lost:
        yield f"Diagnostics could not be measured in {lost} of {results} trials, or in part only: {reason}"
    nowhere = [name for name in spec.diagnostics if name not in there]
    if results and nowhere:
        yield (
            f"No trial has these diagnostics, which the study names: {', '.join(nowhere)}. They say nothing of these "
            "networks, or the trials were made without them (trainer.diagnostics=false): another results_dir makes "
            "them anew."
        )
    if spec.diagnostics and 0 < bare < results:
        yield (
            f"{bare} of {results} trials were made without diagnostics, which the study names "
            "(trainer.diagnostics=false): the others' alone are shown. Another results_dir makes them anew."
        )
