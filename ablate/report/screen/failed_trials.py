"""The trials that did not complete, as labelled lines: diverged ones by design point, failed ones one by one."""

from collections import Counter

from ablate.analysis.summary import Summary
from ablate.report.text.point_name import point_names


def failed_trials(summary: Summary) -> list[tuple[str, str]]:
    """State and what there is to say; failed trials first, since they are to be trained again."""
    names = point_names(summary)
    planned = {names.of(point.levels): point.planned for point in summary.points}
    lines: list[tuple[str, str]] = []
    for failure in summary.failures:
        if failure.state != "diverged":
            where = f", {failure.traceback}" if failure.traceback else ""
            what = f"{names.of(failure.levels)}, replicate {failure.replicate}{where}"
            lines.append((failure.state, f"{what}: {failure.error}" if failure.error else what))
    diverged = Counter(names.of(f.levels) for f in summary.failures if f.state == "diverged")
    if diverged:
        lines.append(("diverged", ", ".join(f"{name} {k} of {planned.get(name, k)}" for name, k in diverged.items())))
    return lines
