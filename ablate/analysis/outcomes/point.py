"""One design point's summary: its responses per replicate, and what its network costs."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ablate.analysis.outcomes.diagnostic import point_diagnostics
from ablate.analysis.outcomes.outcome import Outcomes
from ablate.analysis.statistics.proportion import proportion
from ablate.analysis.statistics.rounding_tolerance import rounding_tolerance
from ablate.analysis.statistics.student import Values, sd, t_interval
from ablate.analysis.summary import INTERVAL_FROM, Contrast, PointSummary
from ablate.config.spec import StudySpec
from ablate.design.point import DesignPoint
from ablate.plan.cost import NetworkCost, joined


def summarise_point(
    spec: StudySpec,
    point: DesignPoint,
    *,
    row: int,
    found: Outcomes,
    scores: Values,
    difference: Contrast | None,
    cost: NetworkCost | None = None,
    tuned: Mapping[str, Any] | None = None,
) -> PointSummary:
    """Summarises the design point that stands in `row` of the outcomes and of the scores.

    Time is that of complete trainings: one that diverged stopped early.
    """
    values = scores[row][np.isfinite(scores[row])]
    diverged = int(np.count_nonzero(found.diverged[row]))
    ended = [
        (record.state, record.seconds, record.counts, record.config)
        for record in found.records[row]
        if record is not None and record.is_result
    ]
    seconds = [each for state, each, _, _ in ended if state == "complete"]
    return PointSummary(
        levels=point.levels,
        baseline=point.is_baseline(spec.factors),
        planned=spec.replicates,
        values=tuple(values.tolist()),
        replicates=tuple(np.flatnonzero(np.isfinite(scores[row])).tolist()),
        mean=t_interval(values, tolerance=float(np.max(rounding_tolerance(values)))) if len(values) else None,
        sd=sd(values) if len(values) >= INTERVAL_FROM else None,
        difference=difference,
        diverged=proportion(diverged, diverged + int(np.count_nonzero(found.complete[row]))),
        failed=int(np.count_nonzero(found.failed[row])),
        timed_out=int(np.count_nonzero(found.timed_out[row])),
        missing=int(np.count_nonzero(found.missing[row])),
        seconds=sum(seconds) / len(seconds) if seconds else None,
        diagnostics=point_diagnostics(found, row),
        tuned=tuned or {},
        width=next((spec.capacity.width(config.get("model")) for *_, config in ended), None) if spec.capacity else None,
        **joined(
            [*(counts.cost for counts in dict.fromkeys(each for _, _, each, _ in ended)), *([cost] if cost else [])]
        ).numbers(),
    )
