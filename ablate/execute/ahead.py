"""What is asked of a study before any training: nothing here imports torch before it is called.

An engine that has processes with torch in them calls these there, so that a driver need not load it (`Engine.call`).
"""

from collections.abc import Sequence

from ablate.config.spec import Config, StudySpec
from ablate.design.point import DesignPoint
from ablate.plan.schedule import Schedule
from ablate.plan.size import Size
from ablate.plan.trial import Trial
from ablate.store.checked import Checked
from ablate.store.costs import Cost

SECONDS, BRIEF = 20.0, 0.5
"""After which no further design point is measured: a study of many must not wait for its tables, nor a plan for a study
of large networks."""


def examine(spec: StudySpec, points: Sequence[DesignPoint], configs: Sequence[Config]) -> tuple[Size, ...]:
    """`ablate.execute.examine.examine`."""
    from ablate.execute.examine import examine

    return examine(spec, points, configs)


def measure(points: Sequence[DesignPoint], configs: Sequence[Config], *, briefly: bool = False) -> tuple[Cost, ...]:
    """`ablate.execute.cost.measure`, or, briefly, `glance`."""
    from ablate.execute import cost
    from ablate.execute.blame import blamed

    with blamed():
        return (cost.glance if briefly else cost.measure)(points, configs)


def schedule(planned: Sequence[Trial], missing: Sequence[Trial], *, workers: int, threads: int | None) -> Schedule:
    """`ablate.execute.planner.schedule`."""
    from ablate.execute.planner import schedule

    return schedule(planned, missing, workers=workers, threads=threads)


def check_identities(spec: StudySpec) -> None:
    """`ablate.execute.identities.check_identities`."""
    from ablate.execute.identities import check_identities

    check_identities(spec)


def evaluate(spec: StudySpec) -> Checked:
    """`ablate.execute.identities.evaluate`."""
    from ablate.execute.identities import evaluate

    return evaluate(spec)
