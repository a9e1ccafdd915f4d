"""Rows of curves, one for each trial and epoch, in the form that the figure of learning curves takes."""

from collections.abc import Mapping, Sequence
from typing import Any

from ablate.analysis.summary import Summary
from ablate.report.text.point_name import point_names

NO_CURVE = "There is no curve: no training has finished an epoch, or another program trained."


def metrics(summary: Summary, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The metrics that were logged after each epoch. The response as measured in validation comes first.

    Raises:
        ValueError: there is none.
    """
    kept = {*_factors(summary), "replicate", "state", "epoch"}
    found = [name for name in dict.fromkeys(name for row in rows for name in row) if name not in kept]
    if not found:
        raise ValueError(NO_CURVE)
    validated = f"val/{summary.response.partition('/')[2]}"
    return sorted(found, key=lambda name: name != validated)


def by_point(
    summary: Summary, rows: Sequence[Mapping[str, Any]], metric: str
) -> tuple[dict[str, list[dict[int, float]]], str | None]:
    """Design point → the curve of each replicate; and the name of the baseline, if it has a curve."""
    names, factors = point_names(summary), _factors(summary)
    found: dict[str, dict[int, dict[int, float]]] = {}
    for row in rows:
        if isinstance(value := row.get(metric), int | float):
            name = names.of({factor: row[factor] for factor in factors})
            found.setdefault(name, {}).setdefault(row["replicate"], {})[row["epoch"]] = float(value)
    baseline = next((names.of(point.levels) for point in summary.points if point.baseline), None)
    return {name: list(each.values()) for name, each in found.items()}, baseline if baseline in found else None


def _factors(summary: Summary) -> list[str]:
    return list(summary.points[0].levels) if summary.points else []
