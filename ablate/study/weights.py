"""What keeping the weights of a study takes, and which of its trials have none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ablate.plan import NetworkCost, Trial
    from ablate.study.study_plan import Plan

BYTES = {"64-true": 8, "bf16-true": 2}
"""Precision of a training → bytes of a parameter; of all others 4."""


def weights_note(planned: Plan, costs: Sequence[NetworkCost]) -> str | None:
    """What the weights of a plan would take on disk; None: none are kept.

    Buffers, such as the moments of batch norm, and the frame of a file come to it.
    """
    if not planned.keeps_weights:
        return None
    each = [
        None if cost.parameters is None else cost.parameters * BYTES.get(config.trainer.settings.precision, 4)
        for cost, config in zip(costs, planned.configs, strict=True)
    ]
    trials = len(planned.trials)
    known = [size for size in each if size is not None]
    if not known:
        return f"keep=weights keeps the weights of {trials} trials; how many bytes that takes is not known."
    total = sum(known) * planned.spec.replicates
    return f"keep=weights keeps the weights of {trials} trials: {total:,} bytes of parameters ({_brief(total)})."


def unweighted(planned: Plan) -> frozenset[str]:
    """Trials with a result whose weights are asked for, and were not kept."""
    if not planned.keeps_weights:
        return frozenset()
    from ablate.store.directory import WEIGHTS

    return frozenset(r.id for r in planned.records if r.is_result and WEIGHTS not in r.files)


def unweighted_message(planned: Plan, missing: Sequence[Trial]) -> str | None:
    """A message where trials are kept that have no weights, which are asked for; None: there are none."""
    if not (lacking := unweighted(planned) - {trial.id for trial in missing}):
        return None
    return (
        f"{len(lacking)} of {len(planned.trials)} trials that are there were trained without keep=weights, and have "
        "none: they are kept. --stale rerun trains them again, with weights."
    )


def _brief(size: int) -> str:
    value, unit = float(size), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{value:.3g} {unit}"
