"""A bundle: trials that train together in one Lightning fit."""

from collections.abc import Iterable
from dataclasses import dataclass

from ablate.plan.trial import Trial


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """Trials that differ only in what can be stacked."""

    trials: tuple[Trial, ...]


def bundles(trials: Iterable[Trial]) -> tuple[Bundle, ...]:
    """Groups the trials, in their order: each is a bundle of its own."""
    return tuple(Bundle(trials=(trial,)) for trial in trials)
