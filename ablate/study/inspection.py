"""The modules of a model, or of the baseline of a study."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ablate.plan.module_tree import ModuleTree


def inspect(words: Sequence[str], *, cwd: Path | None = None) -> ModuleTree:
    """Builds a network and says what is in it. Nothing is trained or written.

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
