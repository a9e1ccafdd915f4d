"""Examines the networks of a plan before any training, and inspects a single network."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from ablate.errors import DeathError
from ablate.study.tuning import check_candidates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ablate.execute.engines import Engine
    from ablate.plan.cost import NetworkCost
    from ablate.plan.module_tree import ModuleTree
    from ablate.study.study_plan import Plan


def examine_networks(planned: Plan, engine: Engine) -> tuple[NetworkCost, ...]:
    """Builds the network of every design point; checks that no two are the same, and that each tuned value trains.

    Raises:
        AblateError: as `ablate.execute.tasks.examine`; each that is of one network names its design point.
    """
    from ablate.execute import tasks

    found = _examined(planned, engine)
    if planned.tuned is not None and planned.tuned.choices:
        engine.call(tasks.examine, planned.spec, planned.layout.points, planned.tuned.plain)
    check_candidates(engine, planned)
    return found


def _examined(planned: Plan, engine: Engine) -> tuple[NetworkCost, ...]:
    from ablate.execute import tasks

    points = planned.layout.points
    try:
        return engine.call(tasks.examine, planned.spec, points, planned.configs)
    except DeathError:  # which network ended the process? One by one, they show it
        for point, config in zip(points, planned.configs, strict=True):
            try:
                engine.call(tasks.examine, planned.spec, [point], [config])
            except DeathError as error:
                raise DeathError(f"{error} (design point {point})") from error
        raise


def inspect(words: Sequence[str], *, cwd: Path | None = None) -> ModuleTree:
    """Builds a network and returns the tree of its modules. Nothing is trained or written.

    Args:
        words: A model's name, or a study's for its baseline, and Hydra overrides: `["resnet", "data=mnist1d"]`.
        cwd: Where the user's `conf/` is; default: here.

    Raises:
        AblateError: anything in the request that does not fit, or a network that does not build.
    """
    from ablate.config.load import load_baseline
    from ablate.execute import tasks
    from ablate.execute.engines import engine as make_engine

    config, seed = load_baseline(words, cwd or Path.cwd())
    with closing(make_engine(config.as_dict().get("engine"))) as engine:
        return engine.call(tasks.inspect, config, seed=seed)
