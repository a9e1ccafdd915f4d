"""A quick check (`--quick`, `quick=true`): a study cut short, to see whether every design point trains."""

import math
from collections.abc import Collection
from dataclasses import replace
from functools import lru_cache

from ablate.config.group import Group
from ablate.config.spec import StudySpec
from ablate.config.trainer import BUDGET_KEYS
from ablate.config.trial import make_group

BUDGET_DIVISOR = 10
"""A quick check trains for this part of the epochs or steps."""

MAX_REPLICATES = 2

QUICK_NOTE = "A quick check: it shows that everything trains, and its numbers answer nothing."


def quick_spec(spec: StudySpec, chosen: Collection[str]) -> StudySpec:
    """The study without its claims, looks and tuning, and with two replicates at most.

    Its seed is the study's plus 1, so that a quick check shows no training that the study's claims are judged by.

    Args:
        spec: The study.
        chosen: Keys that the request sets itself; `replicates` and `seed` among them stay as they are.
    """
    replicates = spec.replicates if "replicates" in chosen else min(MAX_REPLICATES, spec.replicates)
    seed = spec.seed if "seed" in chosen else spec.seed + 1
    return replace(spec, claims=(), looks=None, tune=None, replicates=replicates, seed=seed)


@lru_cache(maxsize=256)
def quick_trainer(trainer: Group) -> Group:
    """The `trainer` group with a tenth of its epochs or steps, rounded up; a value that is no number stays as it is."""
    fewer = {key: math.ceil(trainer[key] / BUDGET_DIVISOR) for key in BUDGET_KEYS if type(trainer.get(key)) is int}
    return make_group(trainer.name, {**trainer.mapping, **fewer}) if fewer else trainer
