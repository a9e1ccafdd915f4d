"""Scoring: what a trial that diverged counts as, STATISTICS (e).

Divergence is data: to average the survivors would flatter the unstable arm. A failed trial is never scored.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ablate.analyze.outcomes.outcome import Outcomes
from ablate.config.spec import Response


@dataclass(frozen=True, kw_only=True)
class Scores:
    """The responses that the primary analysis takes."""

    values: npt.NDArray[np.float64]
    """Shape (design points, replicates); NaN where a trial has no score."""
    notes: tuple[str, ...]
    """What stands in for the diverged trials; empty where none diverged."""


def score(outcomes: Outcomes, response: Response) -> Scores:
    """Gives each diverged trial the trivial predictor's value or, where there is none, the study's worst.

    The worst is that of the complete trials, in the response's direction: a diverged trial then ranks last.
    Where none is complete, a diverged trial of an unbounded response has no score.
    """
    diverged = int(np.count_nonzero(outcomes.diverged))
    if not diverged:
        return Scores(values=outcomes.response, notes=())
    finite = outcomes.response[outcomes.complete]
    counted = f"{diverged} of {diverged + len(finite)} finished trials diverged"
    if response.trivial is not None:
        value, source = response.trivial, "the trivial predictor's value"
    elif len(finite):
        value = float(np.min(finite) if response.better == "higher" else np.max(finite))
        source = "the worst value in the study, because this response is unbounded"
    else:
        return Scores(values=outcomes.response, notes=(f"{counted}: there is no worst value to score with.",))
    note = f"{counted}: each is scored {value:.4g}, {source}. `Survivors only` leaves their replicates out."
    return Scores(values=np.where(outcomes.diverged, value, outcomes.response), notes=(note,))
