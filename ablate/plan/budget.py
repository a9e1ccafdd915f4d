"""A budget of hours for the trainings of a study: which replicates it is enough for, the lowest first."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ablate.plan.schedule import Schedule
from ablate.plan.seeds import replicate_name
from ablate.plan.trial import Trial


@dataclass(frozen=True, kw_only=True)
class Occupancy:
    """What each worker of a schedule occupies while it trains."""

    per_worker: float
    """Processors, or GPUs; less than one where workers share a GPU."""
    unit: str
    """Of a budget: `GPU hours` or `processor hours`."""

    def hours(self, seconds: float) -> float:
        """The hours of a budget that a training of so many seconds takes."""
        return self.per_worker * seconds / 3600


def occupancy(schedule: Schedule, *, gpus_per_worker: float | None) -> Occupancy:
    """What the workers of a schedule occupy.

    Args:
        schedule: As planned for the machine of the driver.
        gpus_per_worker: GPUs that the engine reserves for each worker; None: it reserves none.
    """
    if gpus_per_worker:
        return Occupancy(per_worker=gpus_per_worker, unit="GPU hours")
    if schedule.gpus:
        return Occupancy(per_worker=min(1.0, schedule.gpus / schedule.workers), unit="GPU hours")
    return Occupancy(per_worker=float(schedule.threads), unit="processor hours")


def affordable(
    trials: Sequence[Trial], left_h: float, cost_h: Callable[[Trial], float | None]
) -> tuple[tuple[Trial, ...], float]:
    """The trials of the replicates that a budget is enough for.

    A replicate is taken whole or not at all. Where a trial's cost is not known, its replicate is taken if it is the
    first: what it takes is the estimate for the next.

    Args:
        trials: What is missing.
        left_h: Hours that are left of the budget.
        cost_h: Hours of a trial; None: not known.

    Returns:
        The trials, and the hours of the first replicate that is left out; 0: none is left out, or they are not known.
    """
    replicates: defaultdict[int, list[Trial]] = defaultdict(list)
    for trial in trials:
        replicates[trial.replicate].append(trial)
    taken: list[Trial] = []
    for _, members in sorted(replicates.items()):
        costs = [cost_h(trial) for trial in members]
        if None in costs:
            return (tuple(taken), 0.0) if taken or left_h <= 0 else (tuple(members), 0.0)
        cost = sum(each for each in costs if each is not None)
        if cost > left_h:
            return tuple(taken), cost
        taken += members
        left_h -= cost
    return tuple(taken), 0.0


def until_next_estimate(batch: Sequence[Trial], *, workers: int, is_measured: bool) -> tuple[Trial, ...]:
    """What to train of a batch that a budget is enough for before its costs are estimated again: whole replicates.

    Costs that are expected may be far off, and measured ones somewhat: before anything is measured there is a trial for
    each worker, then half of the batch, so that what is left to err about becomes less each time.

    Args:
        batch: As `affordable` gives it.
        workers: Trials that train at a time.
        is_measured: Whether trials of the study have ended, so that the costs are theirs.
    """
    count = max(workers, len(batch) // 2 if is_measured else 0)
    last = batch[min(count, len(batch)) - 1].replicate if batch else 0
    return tuple(trial for trial in batch if trial.replicate <= last)


def spent_message(
    missing: Sequence[Trial], *, planned: int, budget_h: float, spent_h: float, next_h: float, unit: str
) -> str:
    """Says that a budget has ended a study, and what is missing.

    Args:
        missing: The trials without a result.
        planned: Number of all trials.
        budget_h: The budget, in hours.
        spent_h: Hours that the finished trials have taken.
        next_h: Hours that the next replicate would take; 0: not known.
        unit: Of the hours, as of `Occupancy`.
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
