"""A quick check of a study (`quick=true`): does every design point train? It answers nothing."""

import math
from collections.abc import Collection
from dataclasses import replace
from functools import lru_cache

from ablate.config.group import Group
from ablate.config.spec import StudySpec
from ablate.config.trial import make_group

EPOCHS_DIVISOR = 10

REPLICATES = 2

QUICK_NOTE = "A quick check: it shows that everything trains, and its numbers answer nothing."

BUDGETS = ("max_epochs", "max_steps")
"""Keys of the trainer that say how long it trains."""


def quick_spec(spec: StudySpec, chosen: Collection[str]) -> StudySpec:
    """The study without what a quick check leaves out: claims, looks, tuning, and replicates beyond two.

    It has the next seed, so that none of the study's own trainings is seen before its claims are judged.

    Args:
        spec: The study.
        chosen: Keys that the request sets itself: they stay.
    """
    replicates = spec.replicates if "replicates" in chosen else min(REPLICATES, spec.replicates)
    seed = spec.seed if "seed" in chosen else spec.seed + 1
    return replace(spec, claims=(), looks=None, tune=None, replicates=replicates, seed=seed)


@lru_cache(maxsize=256)
def quick_trainer(trainer: Group) -> Group:
    """The `trainer` group with a tenth of its epochs or steps, rounded up."""
    fewer = {
        key: math.ceil(trainer.content[key] / EPOCHS_DIVISOR) for key in BUDGETS if trainer.content.get(key) is not None
    }
    return make_group(trainer.name, {**trainer.content, **fewer})
