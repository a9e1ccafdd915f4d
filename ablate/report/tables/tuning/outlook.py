"""What a plan says of tuning: what is tried, what that costs, and what is not known before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ablate.report.text.quantity import counted, duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ablate.plan.tuning import TuningOutlook


def tuning_lines(tuning: TuningOutlook | None) -> tuple[str, ...]:
    """A sentence each; none where nothing is tuned."""
    return () if tuning is None else tuple(_lines(tuning))


def _lines(tuning: TuningOutlook) -> Iterator[str]:
    rungs = ", then ".join(
        f"{counted(size, 'candidate')} at {100 * share:.3g}% of the budget"
        for size, share in zip(tuning.sizes, tuning.shares, strict=True)
    )
    yield (
        f"{', '.join(tuning.settings)} for {counted(tuning.arms, 'arm')} by {tuning.metric}, on "
        f"{counted(tuning.seeds, 'tuning seed')}: {rungs}"
    )
    if not tuning.pending:
        yield f"{counted(tuning.trials, 'tuning trial')}, all finished: the settings are chosen"
        return
    takes = f"about {duration(tuning.seconds)}" if tuning.seconds is not None else "for a time that is not known yet"
    of = counted(tuning.trials, "tuning trial")
    todo = f"{tuning.missing} to train, {takes}" if tuning.missing else "all of them finished"
    yield f"{of}: {todo}; they count for nothing else"
    yield (
        f"{counted(tuning.pending, 'arm')} without a choice: ids of trials follow from what is chosen, and are not "
        "known before; the time below is that of the settings as they are"
    )
