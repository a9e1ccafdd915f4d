"""The checklist: every remark by the name under which a study accepts it."""

from collections.abc import Mapping

from ablate.analysis.review import (
    bounded_cells,
    few_replicates,
    fine_margin,
    grid_edge,
    marginal_claim,
    one_data_set,
    still_learning,
    unmatched_capacity,
    untuned,
    weak_baseline,
)
from ablate.analysis.review._base import Check
from ablate.config.spec import StudySpec
from ablate.errors import ConfigError, unknown

CHECKS: Mapping[str, Check] = {
    check.name: check
    for check in (
        Check(
            name="untuned",
            about="No setting is chosen for each arm by validation: `study.tune` is not there.",
            judge=untuned.judge,
        ),
        Check(
            name="grid_edge",
            about="Tuning chose the lowest or the highest value of a grid for an arm. A lowest of 0 is none.",
            judge=grid_edge.judge,
        ),
        Check(
            name="still_learning",
            about=(
                "Over the last tenth of the epochs the response's metric on the validation split improved, in an "
                "arm's mean, by more than half of the smallest margin; with three replicates or more, the 95% "
                "interval of that gain is above 0."
            ),
            judge=still_learning.judge,
        ),
        Check(
            name="floor_cells",
            about="A design point's 95% interval reaches the trivial predictor's score on the same splits.",
            judge=bounded_cells.judge_floor,
        ),
        Check(
            name="ceiling_cells",
            about="A design point's 95% interval reaches the best value that the response can have.",
            judge=bounded_cells.judge_ceiling,
        ),
        Check(
            name="weak_baseline",
            about="The baseline is not told from a simple predictor (1-NN, least squares) on the same splits.",
            judge=weak_baseline.judge,
        ),
        Check(
            name="unmatched_capacity",
            about=(
                "A design point's parameters are further than 2%, or `study.capacity`'s share, from the baseline's on "
                "the same data set."
            ),
            judge=unmatched_capacity.judge,
        ),
        Check(
            name="fine_margin",
            about=(
                "The margin of an accuracy is under the binomial SE of one accuracy on the test set; before a first "
                "trial, under one test example's share."
            ),
            judge=fine_margin.judge,
        ),
        Check(
            name="few_replicates",
            about=(
                "A claim has a power under 80% for its margin, by the SD so far and as `ablate plan` computes it, or "
                "fewer than five replicates. Not where an interval clear of the margin has decided it."
            ),
            judge=few_replicates.judge,
        ),
        Check(
            name="marginal_claim",
            about=(
                "A claim averages over a factor that interacts with its own (q at most 5%), and its effects there "
                "differ by more than the margin."
            ),
            judge=marginal_claim.judge,
        ),
        Check(
            name="one_data_set",
            about="No factor chooses the data set.",
            judge=one_data_set.judge,
        ),
    )
}
"""Name → check, in the order in which remarks are made."""


def check_accepted(spec: StudySpec) -> None:
    """Refuses what a study accepts if no remark has the name, or no reason is given.

    Raises:
        ConfigError: names the key, and the valid ones.
    """
    for name, reason in spec.accepted.items():
        if name not in CHECKS:
            raise ConfigError("study.accepted: " + unknown("remark", name, CHECKS))
        if not reason.strip():
            raise ConfigError(
                f"study.accepted.{name} gives no reason. Say in a sentence why the study accepts the remark, or leave "
                "it out."
            )
