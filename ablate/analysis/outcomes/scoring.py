"""Scoring: what a trial that diverged counts as.

Divergence is data: to average the survivors would flatter the unstable arm. A failed trial is never scored, and no
trial is scored by what another one yielded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from ablate.analysis.outcomes.outcome import Outcomes
from ablate.analysis.summary import BAYES
from ablate.config.spec import Response
from ablate.config.threshold import counts_updates
from ablate.store.record import Record


@dataclass(frozen=True, kw_only=True)
class Scores:
    """The responses that the primary analysis takes."""

    values: npt.NDArray[np.float64]
    """Shape (design points, replicates); NaN where a trial has no score."""
    trivial: npt.NDArray[np.float64]
    """What the trivial predictor scores on the splits of each trial, the same shape; NaN where that is not known."""
    notes: tuple[str, ...]
    """What stands in for the diverged trials; empty where none diverged."""


def score(outcomes: Outcomes, response: Response) -> Scores:
    """Gives each diverged trial the response's penalty or, without one, what the trivial predictor scores.

    The trivial predictor's score is one number for a bounded response. For an unbounded one it is the value on the
    trial's own test split, which the record has; for updates to a threshold, those of a trial that did not reach it.
    A diverged trial for which neither is known has no score.
    """
    trivial = _trivial(outcomes, response)
    diverged = int(np.count_nonzero(outcomes.diverged))
    if not diverged:
        return Scores(values=outcomes.response, trivial=trivial, notes=())
    stand_in = trivial if response.penalty is None else np.full_like(trivial, response.penalty)
    if response.penalty is None and counts_updates(response.name):
        stand_in = _recorded(outcomes, response)
    counted = f"{diverged} of {diverged + int(np.count_nonzero(outcomes.complete))} finished trials diverged"
    if response.penalty is not None:
        said = f"each is scored {response.penalty:.4g}, the penalty that the response names."
    elif counts_updates(response.name):
        said = "each is scored as one that did not reach the threshold within its budget."
    elif response.trivial is not None and np.ptp(trivial) > 0:
        said = "each is scored with the trivial predictor's value on its own data."
    elif response.trivial is not None:
        said = f"each is scored {response.trivial:.4g}, the trivial predictor's value."
    else:
        said = "each is scored with the trivial predictor's value on the test split of its own replicate."
    notes = [f"{counted}: {said} `Survivors only` leaves their replicates out."]
    if lacking := int(np.count_nonzero(outcomes.diverged & ~np.isfinite(stand_in))):
        notes.append(
            f"{lacking} of the diverged trials have no score: {response.name} is unbounded, and their records do not "
            "say what the trivial predictor scores. Claims on them have no verdict. Name a penalty beside the "
            "response, objective.responses.NAME.penalty (or study.response.penalty), in a study of another name."
        )
    values = np.where(outcomes.diverged, stand_in, outcomes.response)
    return Scores(values=values, trivial=trivial, notes=tuple(notes))


def simple_scores(outcomes: Outcomes, response: str) -> dict[str, npt.NDArray[np.float64]]:
    """Predictor → its score on the splits of each trial, shape (design points, replicates); NaN: not known.

    The best rule that there is comes after the simple predictors.
    """
    names = {name for row in outcomes.records for r in row if r is not None for name in r.simple}
    found: dict[str, npt.NDArray[np.float64]] = {}
    for name in sorted(names, key=lambda name: (name.startswith(BAYES), name)):
        known = [
            [np.nan if r is None else r.simple.get(name, {}).get(response, np.nan) for r in row]
            for row in outcomes.records
        ]
        scores = np.array(known, dtype=np.float64).reshape(outcomes.response.shape)
        if np.isfinite(scores).any():
            found[name] = scores
    return found


def _recorded(outcomes: Outcomes, response: Response) -> npt.NDArray[np.float64]:
    """What the records say, of diverged trials too; NaN where there is no number."""
    found = [[None if r is None else r.value(response.name) for r in row] for row in outcomes.records]
    return np.array(found, dtype=np.float64).reshape(outcomes.response.shape)


def _trivial(outcomes: Outcomes, response: Response) -> npt.NDArray[np.float64]:
    if response.trivial is not None:
        return _declared(outcomes, response, response.trivial)
    known = [[np.nan if r is None else r.trivial.get(response.name, np.nan) for r in row] for row in outcomes.records]
    return np.array(known, dtype=np.float64).reshape(outcomes.response.shape)


def _declared(outcomes: Outcomes, response: Response, trivial: float) -> npt.NDArray[np.float64]:
    """The value that the trial's own configuration declares: chance is another one on data of more classes.

    That of the study for all, where the study states one of its own.
    """
    own = [[None if r is None else _of_record(r, response.name) for r in row] for row in outcomes.records]
    if not any(value == trivial for row in own for value in row):
        return np.full(outcomes.response.shape, trivial)
    return np.array([[trivial if value is None else value for value in row] for row in own], dtype=np.float64).reshape(
        outcomes.response.shape
    )


def _of_record(record: Record, name: str) -> float | None:
    node: Any = record.config
    for key in ("objective", "responses", name.rpartition("/")[2], "trivial"):
        node = cast(Mapping[str, Any], node).get(key) if isinstance(node, Mapping) else None
    return float(node) if isinstance(node, int | float) else None
