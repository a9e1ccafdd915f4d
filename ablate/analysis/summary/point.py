"""A design point with what its networks yield and cost, and a trial that did not complete."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ablate.analysis.summary.estimate import Contrast, Interval, Proportion
from ablate.plan.cost import NetworkCost
from ablate.store.record import State


@dataclass(frozen=True, kw_only=True)
class PointResponses:
    """The responses of one design point, per replicate."""

    levels: Mapping[str, str]
    baseline: bool
    planned: int
    values: tuple[float, ...]
    """One per finished replicate, diverged ones scored as `outcomes.scoring` says."""
    replicates: tuple[int, ...]
    mean: Interval | None
    sd: float | None
    difference: Contrast | None
    """From the point that the design compares the others with: the baseline, or in a leave-one-out design the point
    that has every factor changed."""
    diverged: Proportion
    failed: int
    missing: int
    timed_out: int = 0


@dataclass(frozen=True, kw_only=True)
class PointSummary(NetworkCost, PointResponses):
    """One design point: its responses, what its network costs, and what was measured of it in training."""

    seconds: float | None
    """Mean wall seconds of a training."""
    diagnostics: Mapping[str, Mapping[str, float]] = field(default_factory=dict[str, Mapping[str, float]])
    """Diagnostic → moment → mean over the replicates, geometric for what counts by ratios."""
    tuned: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Setting → the value that tuning has chosen for it; empty where nothing is tuned, or not yet."""
    width: int | None = None
    """Where capacity is matched: the value that was solved for."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A trial that did not complete."""

    id: str
    levels: Mapping[str, str]
    replicate: int
    state: State
    error: str
    traceback: str | None
    """File under the study's directory."""
