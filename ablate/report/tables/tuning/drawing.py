"""What tuning tried, drawn: the metric over each setting, a line for each arm."""

import math
from collections.abc import Iterator, Mapping, Sequence

from ablate.analysis.notes.tuning import short
from ablate.analysis.summary import Summary, TuningSummary
from ablate.report.tables.tuning.columns import setting
from ablate.report.text.arm import arm_name, arm_names, best, values
from ablate.report.text.ascii import to_ascii
from ablate.report.text.chart import SERIES, Series, chart
from ablate.report.text.line import Line, line
from ablate.report.text.number import Digits
from ablate.report.text.wrap import wrap
from ablate.store.choices import Tried


def drawing(summary: Summary, tuning: TuningSummary, width: int, *, ascii_only: bool = False) -> list[Line]:
    """A chart for each rung, setting and group of arms; a rung with one candidate has none.

    Args:
        summary: of the study.
        tuning: what it tuned.
        width: in cells.
        ascii_only: whether only ASCII may be used.
    """
    names = arm_names(summary, tuning)
    arms = {arm_name(names, arm): arm for arm in tuning.arms}
    lines: list[Line] = []
    for rung in range(max((len(arm.rungs) for arm in tuning.arms), default=0)):
        tried = {name: arm.rungs[rung] for name, arm in arms.items() if rung < len(arm.rungs)}
        if any(len(every) > 1 for every in tried.values()):
            lines += _rung(tuning, tried, width, ascii_only)
    return lines


def _rung(tuning: TuningSummary, tried: Mapping[str, Sequence[Tried]], width: int, ascii_only: bool) -> Iterator[Line]:
    """The charts of one rung, on one scale; none where no training has a value."""
    in_charset = to_ascii if ascii_only else str
    charts = {
        key: [
            Series(label=in_charset(name), values=tuple(best(candidates, key, values(tuning, key), tuning.better)))
            for name, candidates in tried.items()
        ]
        for key in tuning.settings
    }
    drawn = [value for every in charts.values() for one in every for value in one.values]
    finite = [value for value in drawn if value is not None and math.isfinite(value)]
    if not finite:
        return
    digits = Digits.fitting(finite)
    ticks = [(value, in_charset(digits.number(value))) for value in dict.fromkeys([max(finite), min(finite)])]
    for key, every in charts.items():
        title = in_charset(_title(tuning, key, next(iter(tried.values()))))
        for start in range(0, len(every), SERIES):
            yield line()
            yield from (line(part, "title") for part in wrap(title, width).split("\n"))
            yield from chart(
                every[start : start + SERIES],
                [in_charset(setting(value)) for value in values(tuning, key)],
                ticks=ticks,
                width=width,
                ascii_only=ascii_only,
            )


def _title(tuning: TuningSummary, key: str, tried: Sequence[Tried]) -> str:
    """What one chart shows."""
    rest = ", the best of the other settings" if len(tuning.settings) > 1 else ""
    return f"{tuning.metric} over {short(key)} at {100 * tried[0].share:.3g}% of the budget{rest}"
