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

SECONDS = 20.0
"""After which `measure` turns to no further design point: a study of many must not wait for its tables."""

BRIEF = 0.5
"""The same of a plan, for which nobody waits."""


def examine(spec: StudySpec, points: Sequence[DesignPoint], configs: Sequence[Config]) -> tuple[Size, ...]:
    """Builds every design point's network and holds them against each other.

    Raises:
        AblateError: as `ablate.execute.examine.examine`.
    """
    from ablate.execute.examine import examine

    return examine(spec, points, configs)


def measure(points: Sequence[DesignPoint], configs: Sequence[Config], *, briefly: bool = False) -> tuple[Cost, ...]:
    """Measures what the networks cost to run, as far as the time goes: `SECONDS`, or briefly, `BRIEF`.

    Raises:
        ConfigError: code of a person's own fails.
    """
    from ablate.execute import cost
    from ablate.execute.blame import blamed

    with blamed():
        return (cost.glance if briefly else cost.measure)(points, configs)


def schedule(planned: Sequence[Trial], missing: Sequence[Trial], *, workers: int, threads: int | None) -> Schedule:
    """Decides which trials train as one, in which order, and how long it will take.

    Raises:
        AblateError: as `ablate.execute.planner.schedule`.
    """
    from ablate.execute.planner import schedule

    return schedule(planned, missing, workers=workers, threads=threads)


def check_identities(spec: StudySpec) -> None:
    """Checks that the study's identities can be evaluated, and evaluates none.

    Raises:
        ConfigError: as `ablate.execute.identities.check_identities`.
    """
    from ablate.execute.identities import check_identities

    check_identities(spec)


def evaluate(spec: StudySpec) -> Checked:
    """Finds the numbers of the study's identities.

    Raises:
        ConfigError: as `ablate.execute.identities.evaluate`.
    """
    from ablate.execute.identities import evaluate

    return evaluate(spec)
