"""A bundle: trials that train together in one Lightning fit."""

from collections.abc import Iterable
from dataclasses import dataclass

from ablate.plan.trial import Trial


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundle:
    """Trials that differ only in what can be stacked."""

    trials: tuple[Trial, ...]
    stacked: bool = False
    """Whether they train as one; else each trains alone."""
    conv_as_matmul: bool = False
    """Whether a stack computes its convolutions as matrix products."""
    reason: str = ""
    """Why they train alone; empty where they do not, or where that was not decided."""


def bundles(trials: Iterable[Trial]) -> tuple[Bundle, ...]:
    """Groups the trials that could be stacked, in the order of the first of each; each keeps its own order."""
    groups: dict[tuple[str, ...], list[Trial]] = {}
    for trial in trials:
        groups.setdefault(trial.config.stack_texts, []).append(trial)
    return tuple(Bundle(trials=tuple(group)) for group in groups.values())
