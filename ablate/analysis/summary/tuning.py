"""What tuning tried and chose for each arm, as values that go out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ablate.config.spec import Better
from ablate.store.choices import Choice


@dataclass(frozen=True, kw_only=True)
class TunedArm(Choice):
    """The choice for one arm, with what it was chosen by."""

    edges: Mapping[str, str]
    """Setting → `lowest` or `highest`, where that value of its grid was chosen: a better one may lie beyond it."""


@dataclass(frozen=True, kw_only=True)
class TuningSummary:
    """What a study tuned."""

    settings: tuple[str, ...]
    metric: str
    better: Better
    seeds: int
    by: tuple[str, ...] | None
    """Factors for each combination of whose levels there is one choice; None: one for each design point."""
    candidates: tuple[Mapping[str, Any], ...]
    trials: int
    """Tuning trials that the choices were made by; they count for nothing else."""
    arms: tuple[TunedArm, ...]
    """Those that have a choice."""
    pending: int = 0
    """Arms that have none yet."""
