"""What of a study's trials a budget of hours is enough for: whole replicates, lowest first."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ablate.plan.schedule import Schedule
from ablate.plan.seeds import replicate_name
from ablate.plan.trial import Trial


@dataclass(frozen=True, kw_only=True)
class Rate:
    """What each worker occupies while it trains."""

    per_worker: float
    """Processors, or GPUs; less than one where workers share a GPU."""
    unit: str
    """Of a budget: `GPU hours` or `processor hours`."""

    def hours(self, seconds: float) -> float:
        """What a training of so many seconds takes of a budget."""
        return self.per_worker * seconds / 3600


def rate(made: Schedule, *, gpus: float | None) -> Rate:
    """What the workers of a schedule occupy.

    Args:
        made: How the trials train, as far as the machine of the driver says it.
        gpus: That an engine reserves for each worker; None: it reserves none.
    """
    if gpus:
        return Rate(per_worker=gpus, unit="GPU hours")
    if made.gpus:
        return Rate(per_worker=min(1.0, made.gpus / made.workers), unit="GPU hours")
    return Rate(per_worker=float(made.threads), unit="processor hours")


def within(
    trials: Sequence[Trial], hours: float, cost_h: Callable[[Trial], float | None]
) -> tuple[tuple[Trial, ...], float]:
    """The trials of those replicates for which the hours are enough, and what the first that is left out would cost.

    A replicate is taken whole or not at all. Where a trial's cost is not known, its replicate is taken if it is the
    first: the next ones follow from what it has cost.

    Args:
        trials: What is missing.
        hours: What is left of the budget.
        cost_h: Hours of a trial; None: not known.
    """
    replicates: defaultdict[int, list[Trial]] = defaultdict(list)
    for trial in trials:
        replicates[trial.replicate].append(trial)
    taken: list[Trial] = []
    for _, members in sorted(replicates.items()):
        costs = [cost_h(trial) for trial in members]
        if None in costs:
            return (tuple(taken), 0.0) if taken or hours <= 0 else (tuple(members), 0.0)
        cost = sum(each for each in costs if each is not None)
        if cost > hours:
            return tuple(taken), cost
        taken += members
        hours -= cost
    return tuple(taken), 0.0


def spent_message(
    missing: Sequence[Trial], *, planned: int, budget_h: float, spent_h: float, next_h: float, unit: str
) -> str:
    """That a budget has ended a study, and what is missing.

    Args:
        missing: The trials that are.
        planned: How many there are in all.
        budget_h: The budget.
        spent_h: What of it the trials that are there have taken.
        next_h: What the next replicate would take; 0: not known.
        unit: Of the hours.
    """
    replicates = sorted({trial.replicate for trial in missing})
    names = f"{len(replicates)} replicates, from {replicate_name(replicates[0])} on"
    where = replicate_name(replicates[0]) if len(replicates) == 1 else names
    left = f"{budget_h - spent_h:.2g}" if spent_h < budget_h else "nothing"
    more = f", and the next replicate would take about {next_h:.2g}" if next_h else ""
    return (
        f"The budget ends the study: of {budget_h:g} {unit} (engine.budget_h) {left} is left{more}. {len(missing)} of "
        f"{planned} trials are missing, those of {where}. A larger engine.budget_h trains them."
    )
