"""What the arms of a tuned study are called, and what a candidate came to in one."""

import math

from ablate.analyze.summary import Summary, TunedArm, TuningSummary
from ablate.report.text.point_name import PointNames, baseline_levels
from ablate.store.choices import Tried

EVERY = "all arms"


def mean(tried: Tried) -> float | None:
    """Of the tuning seeds that have a value."""
    values = [value for value in tried.values if value is not None]
    return math.fsum(values) / len(values) if values else None


def arm_names(summary: Summary, tuning: TuningSummary) -> PointNames:
    """Names of arms: of the factors that decide which choice holds."""
    baseline = baseline_levels(summary)
    kept = {name: level for name, level in baseline.items() if tuning.by is None or name in tuning.by}
    return PointNames([arm.levels for arm in tuning.arms], kept)


def arm_name(names: PointNames, arm: TunedArm) -> str:
    """What an arm is called."""
    return names.of(arm.levels) if arm.levels else EVERY
