"""The tasks that a driver gives to a process with torch, with their time budgets.

An engine with workers calls them there, so that the driver does not load torch (`Engine.call`). Importing this module
does not import torch.
"""

from collections.abc import Callable, Mapping, Sequence

from ablate.config.group import Group
from ablate.config.model.constructor import Constructor
from ablate.config.spec import StudySpec
from ablate.config.trial import TrialConfig
from ablate.design.point import DesignPoint
from ablate.execute.loggers.identity import RunIdentity
from ablate.execute.loggers.study_summary import StudySummary
from ablate.plan.cost import NetworkCost
from ablate.plan.machine import Cluster
from ablate.plan.module_tree import ModuleTree
from ablate.plan.packed_trials import PackedTrials
from ablate.plan.schedule import NumberedSchedule
from ablate.store.costs import PointCost
from ablate.store.identity_results import IdentityResults
from ablate.store.starts import PointStart

RUN_COST_BUDGET_S = 20.0
"""Time budget of `measure` for `ablate run`. No design point is begun after it."""

START_BUDGET_S = 10.0
"""Time budget of `starts`. No network is built after it."""

PLAN_COST_BUDGET_S = 0.5
"""Time budget of `measure` for `ablate plan`. `ablate run` measures the rest."""


def match_capacity(
    spec: StudySpec,
    points: Sequence[DesignPoint],
    configs: Sequence[TrialConfig],
    resolve: Callable[[Mapping[str, str], Sequence[str]], TrialConfig],
) -> tuple[TrialConfig, ...]:
    """Solves for each design point's width, so that it has as many parameters as the baseline.

    Raises:
        ConfigError, DesignError: as `ablate.execute.examine.capacity.match`.
    """
    from ablate.execute.examine.capacity import match

    return match(spec, points, configs, resolve)


def examine(spec: StudySpec, points: Sequence[DesignPoint], configs: Sequence[TrialConfig]) -> tuple[NetworkCost, ...]:
    """Builds the network of every design point, checks that no two are the same, and returns their sizes.

    Raises:
        AblateError: as `ablate.execute.examine.examination.examine`.
    """
    from ablate.execute.examine.examination import examine

    return examine(spec, points, configs)


def held(configs: Sequence[TrialConfig]) -> tuple[str, ...]:
    """Where the examples of each data set are while it trains, a sentence each.

    Raises:
        AblateError: as `ablate.execute.train.dataset.source`.
    """
    from ablate.execute.targets.user_errors import as_user_errors
    from ablate.execute.train.dataset import held

    with as_user_errors():
        return held(configs)


def starts(spec: StudySpec, points: Sequence[DesignPoint], configs: Sequence[TrialConfig]) -> tuple[PointStart, ...]:
    """The parameters with which each design point's network starts in the first replicate, until the time is used up.

    Raises:
        ConfigError: user-defined code fails.
    """
    from ablate.execute.examine.start import starts
    from ablate.execute.targets.user_errors import as_user_errors

    with as_user_errors():
        return starts(points, configs, seed=spec.seed, budget_s=START_BUDGET_S)


def measure(
    points: Sequence[DesignPoint], configs: Sequence[TrialConfig], *, budget_s: float = RUN_COST_BUDGET_S
) -> tuple[PointCost, ...]:
    """Measures the costs of the networks, until the time budget is used up.

    Raises:
        ConfigError: user-defined code fails.
    """
    from ablate.execute.examine import cost
    from ablate.execute.targets.user_errors import as_user_errors

    with as_user_errors():
        return cost.measure(points, configs, budget_s=budget_s)


def components(
    selectors: Sequence[str], config: TrialConfig, *, seed: int
) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """The modules of a baseline that a study can leave out, and why it cannot leave out the others that are selected.

    Raises:
        AblateError: as `ablate.execute.examine.components.components`.
    """
    from ablate.execute.examine.components import components

    return components(selectors, config, seed=seed)


def inspect(config: TrialConfig, *, seed: int) -> ModuleTree:
    """The modules of a configuration's network, with what each costs.

    Raises:
        AblateError: as `ablate.execute.examine.module_tree.module_tree`.
    """
    from ablate.execute.examine.module_tree import module_tree

    return module_tree(config, seed=seed)


def constructor(target: str) -> Constructor:
    """What a class, or a function that makes a network, can be called with. It is imported, and not called.

    Raises:
        ConfigError: as `ablate.execute.targets.constructor.constructor`.
    """
    from ablate.execute.targets.constructor import constructor

    return constructor(target)


def schedule(
    planned: PackedTrials,
    missing: PackedTrials,
    *,
    workers: int,
    threads: int | None,
    fixed: bool = True,
    pins: bool = False,
    cluster: Cluster | None = None,
) -> NumberedSchedule:
    """Decides which trials train as one, where, in which order, and how long it will take; names the missing by number.

    Raises:
        AblateError: as `ablate.execute.planner.schedule`.
    """
    from ablate.execute.planner import schedule

    trials = missing.trials()
    made = schedule(planned.trials(), trials, workers=workers, threads=threads, fixed=fixed, pins=pins, cluster=cluster)
    return made.numbered(trials)


def check_identities(spec: StudySpec) -> None:
    """Checks that the study's identities can be evaluated, and evaluates none.

    Raises:
        ConfigError: as `ablate.execute.examine.identities.check_identities`.
    """
    from ablate.execute.examine.identities import check_identities

    check_identities(spec)


def evaluate_identities(spec: StudySpec) -> IdentityResults:
    """Evaluates the study's identities: finds the number of each, beside the one that is expected.

    Raises:
        ConfigError: as `ablate.execute.examine.identities.evaluate`.
    """
    from ablate.execute.examine.identities import evaluate

    return evaluate(spec)


def takes_summary(logger: Group) -> bool:
    """Whether a study's summary is written by loggers of this kind.

    Raises:
        ConfigError: as `ablate.execute.loggers.run.takes_summary`.
    """
    from ablate.execute.loggers.run import takes_summary

    return takes_summary(logger)


def log_summary(logger: Group, identity: RunIdentity, summary: StudySummary, *, run_id: str | None) -> str | None:
    """Writes a study's summary into its logger, on the machine that has the study's folder.

    Raises:
        LoggerError: as `ablate.execute.loggers.run.log_summary`.
    """
    from ablate.execute.loggers.run import log_summary

    return log_summary(logger, identity, summary, run_id=run_id)
