"""How a training ended, and the record that it makes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ablate.execute.train.job import Job
from ablate.execute.train.provenance import provenance
from ablate.plan.trial import Trial
from ablate.store.record import Counts, Record


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a training yielded. `reason`: why it diverged; None: its loss stayed within its bounds."""

    responses: Mapping[str, float]
    reason: str | None
    counts: Counts
    seconds: float
    started: str
    """UTC, ISO 8601."""
    device: str
    """The hardware's name."""
    diagnostics: Mapping[str, Mapping[str, float]]
    """Diagnostic → moment → value."""
    unmeasured: str | None
    """Why some of them are not there."""
    steps: str | None = None
    """How its steps were computed, as `Compilation.verdict`."""


def record(trial: Trial, job: Job, outcome: Outcome, *, engine: str, threads: int, source: str) -> Record:
    """The record of a trial that was trained to an end: complete, or diverged."""
    lost = [name for name, value in outcome.responses.items() if not math.isfinite(value)]
    reason = outcome.reason or (f"{', '.join(lost)} not finite at the end of the budget" if lost else None)
    return Record(
        id=trial.id,
        study=trial.study,
        levels=dict(trial.point.levels),
        replicate=trial.replicate,
        state="complete" if reason is None else "diverged",
        responses={name: None if name in lost else value for name, value in outcome.responses.items()},
        counts=outcome.counts,
        seconds=round(outcome.seconds, 4),
        started=outcome.started,
        error=reason,
        provenance=provenance(
            device=outcome.device,
            threads=threads,
            engine=engine,
            source=source,
            commit=job.commit,
            steps=outcome.steps,
        ),
        config=trial.config.as_dict(),
        diagnostics=outcome.diagnostics,
        unmeasured=outcome.unmeasured,
    )
