"""What the arms of a tuned study are called, and what a candidate came to in one."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from ablate.analysis.summary import Summary, TunedArm, TuningSummary
from ablate.config.spec import Better
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


def values(tuning: TuningSummary, key: str) -> list[Any]:
    """The values of a setting that were tried: numbers in their order, others in that of the study."""
    found: list[Any] = []
    for candidate in tuning.candidates:
        if candidate[key] not in found:
            found.append(candidate[key])
    is_numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in found)
    return sorted(found) if is_numeric else found


def best(candidates: Sequence[Tried], key: str, values: Sequence[Any], better: Better) -> Iterator[float | None]:
    """The best mean at each value, over the other settings; None: not tried, NaN: every training was lost."""
    for value in values:
        found = [mean(one) for one in candidates if one.settings[key] == value]
        kept = [x for x in found if x is not None and math.isfinite(x)]
        yield (max(kept) if better == "higher" else min(kept)) if kept else math.nan if found else None
