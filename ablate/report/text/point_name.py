"""What a design point is called: the levels that tell it from the baseline."""

from collections import Counter
from collections.abc import Mapping, Sequence

from ablate.analysis.summary import Summary

BASELINE = "baseline"

_MAX_NAME_CHARS = 18
"""Longer names leave no room for an estimate with its interval on a line of 80."""
_AMBIGUOUS = frozenset({"on", "off", "true", "false", "yes", "no", "none", "null", "default", "auto"})
"""Levels that mean nothing without their factor, as numbers do."""


def settings(levels: Mapping[str, str]) -> str:
    """Levels with their factors, such as `skip_span=one, head=gap`."""
    return ", ".join(f"{factor}={level}" for factor, level in levels.items())


def baseline_levels(summary: Summary) -> dict[str, str]:
    """Every factor's reference level, from the baseline, or from the contrasts of a design without one."""
    for point in summary.points:
        if point.baseline:
            return dict(point.levels)
    return {factor: level for contrast in summary.contrasts for factor, level in contrast.against.items()}


def point_names(summary: Summary) -> "PointNames":
    """The names of a study's design points."""
    return PointNames([p.levels for p in summary.points], baseline_levels(summary))


class PointNames:
    """Names the design points of one study.

    Each factor that departs from the baseline is written out (`head=gap`) where that is short for all points;
    else the level alone stands for it (`gap`), unless two factors share it or it means nothing without its factor.
    Where every factor is changed, and each point puts one back, points are named by what they put back.
    """

    def __init__(self, points: Sequence[Mapping[str, str]], baseline: Mapping[str, str]) -> None:
        self.origin = BASELINE
        """The name of the point that the others are named after."""
        self._baseline = baseline
        if _puts_back(points, baseline):
            self._baseline = points[0]
            levels = set(points[0].values())
            self.origin = f"all {next(iter(levels))}" if len(levels) == 1 else "all changed"
        distinct = dict.fromkeys(item for levels in points for item in levels.items())
        departures = [(factor, level) for factor, level in distinct if self._baseline.get(factor) != level]
        factors = [factor for levels in points[:1] for factor in levels]
        departures.sort(key=lambda departure: factors.index(departure[0]))
        shared = Counter(level for _, level in departures)
        self._short = {
            (factor, level): level for factor, level in departures if shared[level] == 1 and is_descriptive(level)
        }
        if max((len(self._written(p, {})) for p in points), default=0) <= _MAX_NAME_CHARS:
            self._short = {}

    def of(self, levels: Mapping[str, str]) -> str:
        """The name of the point that has these levels."""
        return self._written(levels, self._short) or self.origin

    @property
    def caption(self) -> tuple[str, ...]:
        """What the baseline is, and which factor each level stands for where a name has the level alone."""
        lines = [f"{self.origin.capitalize()}: {settings(self._baseline)}."] if self._baseline else []
        if self._short:
            legend = ", ".join(f"{level} ({factor})" for factor, level in self._short)
            lines.append(f"Points are named by the levels that differ from it: {legend}.")
        return tuple(lines)

    def _written(self, levels: Mapping[str, str], short: Mapping[tuple[str, str], str]) -> str:
        return "+".join(
            short.get((factor, level), f"{factor}={level}")
            for factor, level in levels.items()
            if self._baseline.get(factor) != level
        )


def _puts_back(points: Sequence[Mapping[str, str]], baseline: Mapping[str, str]) -> bool:
    """Whether the first point has no factor as the baseline has it, and each other point one."""
    kept = [sum(baseline.get(factor) == level for factor, level in levels.items()) for levels in points]
    return len(baseline) > 1 and len(kept) > 2 and kept[0] == 0 and set(kept[1:]) == {1}


def is_descriptive(level: str) -> bool:
    """Whether a level means something without its factor."""
    return level.lower() not in _AMBIGUOUS and not _numeric(level)


def _numeric(level: str) -> bool:
    try:
        float(level)
    except ValueError:
        return False
    return True
