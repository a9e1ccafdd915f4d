"""The columns that say which design point a row is, and how long one of its trainings takes."""

from collections.abc import Mapping, Sequence

from ablate.analysis.summary import PointSummary
from ablate.report.text.number import Digits
from ablate.report.text.point_name import PointNames
from ablate.report.text.table import Column

Cells = tuple[Column, list[str]]


def point_columns(points: Sequence[PointSummary], names: PointNames) -> list[Cells]:
    """The name of each design point and, where there is room, its level of each factor."""
    return level_columns([point.levels for point in points], names)


def level_columns(points: Sequence[Mapping[str, str]], names: PointNames) -> list[Cells]:
    """The same from the levels alone."""
    spread = tuple(points[0]) if points and len(points[0]) > 1 else ()
    return [
        (
            Column(name="point", key=True, wrap=True, instead="named" if spread else ""),
            [names.of(levels) for levels in points],
        ),
        *(
            (Column(name=factor, key=True, instead="spread"), [levels[factor] for levels in points])
            for factor in spread
        ),
    ]


def seconds_column(points: Sequence[PointSummary], *, group: int = 0) -> Cells:
    """Wall seconds of one training, the mean."""
    longest = max((p.seconds for p in points if p.seconds is not None), default=0.0)
    digits = Digits(decimals=2 if longest < 10 else 1 if longest < 100 else 0)
    return Column(name="seconds", justify="right", group=group), [digits.number(p.seconds) for p in points]


def seconds_notes(points: Sequence[PointSummary]) -> list[str]:
    """What that column means, where it says something."""
    return ["Seconds: wall time of one training, the mean."] if any(p.seconds is not None for p in points) else []
