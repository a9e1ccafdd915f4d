"""The record of a trial: the one place where it is made, however its training ended."""

import math
from datetime import UTC, datetime

from ablate.execute.train.outcome import Outcome
from ablate.execute.train.provenance import provenance
from ablate.plan.trial import Trial
from ablate.store.record import Record, State


def record(
    trial: Trial,
    outcome: Outcome,
    *,
    engine: str,
    threads: int,
    source: str,
    commit: str | None,
    stated: str | None = None,
    response: str | None = None,
) -> Record:
    """The record of a trial: complete, diverged, failed or timed out.

    What it logs must be finite at the end. Of a LightningModule, only the response: others that it logs may have no
    value on some data, such as a recall without a positive example.

    Args:
        trial: What was trained.
        outcome: How that ended.
        engine: The engine's name.
        threads: CPU threads that it trained with.
        source: Digest of its code.
        commit: What was checked out.
        stated: Digest of what the study stated.
        response: What the study compares; None: not known.
    """
    lost = [name for name, value in outcome.responses.items() if not math.isfinite(value)]
    is_lightning = not trial.config.objective.content
    judged = [name for name in lost if name == response] if is_lightning and response in outcome.responses else lost
    error = outcome.error
    if error is None and judged:
        error = f"{', '.join(judged)} not finite at the end of the budget"
    return Record(
        id=trial.id,
        study=trial.study,
        levels=dict(trial.point.levels),
        replicate=trial.replicate,
        state=_state(outcome, error),
        responses={name: None if name in lost else value for name, value in outcome.responses.items()},
        counts=outcome.counts,
        seconds=round(outcome.seconds, 4),
        started=outcome.started,
        error=None if error is None else error.encode(errors="backslashreplace").decode(),
        provenance=provenance(
            device=outcome.device,
            threads=threads,
            engine=engine,
            source=source,
            commit=commit,
            steps=outcome.compilation,
        ),
        stated=stated,
        config=trial.config.as_dict(),
        diagnostics=outcome.diagnostics,
        unmeasured=outcome.unmeasured,
        lesions=outcome.lesions,
        unlesioned=outcome.unlesioned,
        trivial={name: value for name, value in outcome.trivial.items() if math.isfinite(value)},
        simple={
            predictor: {name: value for name, value in scores.items() if math.isfinite(value)}
            for predictor, scores in outcome.simple.items()
        },
    )


def _state(outcome: Outcome, error: str | None) -> State:
    if outcome.is_failed:
        return "failed"
    if outcome.is_timed_out:
        return "timed_out"
    return "complete" if error is None else "diverged"


def now() -> str:
    """The time, as records have it: UTC, ISO 8601."""
    return datetime.now(UTC).isoformat("T", "seconds")
