"""How long a study will take: a few optimizer steps of each design point, timed, times how many there are."""

import time
from collections.abc import Sequence
from typing import cast

import torch

from ablate.config.spec import Config, StudySpec
from ablate.execute.chunks import TrainingChunks
from ablate.execute.fit import prepare
from ablate.execute.module import TrialModule
from ablate.execute.quiet import guest
from ablate.execute.settings import trainer_settings
from ablate.plan.seeds import streams

POINTS = 48
"""Design points that are timed at most, evenly over the design."""

WARM, TIMED = 2, 4
"""Steps that are taken and not timed, and steps that are timed."""


def seconds_per_trial(spec: StudySpec, configs: Sequence[Config]) -> float | None:
    """Mean wall seconds of one training on this machine's CPU with one thread, over the design points.

    None for a person's own LightningModule, whose steps are theirs.
    """
    every = max(1, -(-len(configs) // POINTS))
    times: list[float] = []
    with guest(threads=1):
        for config in configs[::every]:
            fit = prepare(config, streams(spec.seed, 0))
            if not isinstance(fit.module, TrialModule):
                return None
            times.append(_seconds(fit.module, cast(TrainingChunks, fit.data["train_dataloaders"]), config))
    return sum(times) / len(times)


def _seconds(module: TrialModule, chunks: TrainingChunks, config: Config) -> float:
    optimizer = module.configure_optimizers()
    minibatches = next(iter(chunks))
    warm = minibatches[:WARM]
    timed = minibatches[WARM : WARM + TIMED] if len(minibatches) > WARM else minibatches
    module.take_steps(optimizer, warm)
    began = time.perf_counter()
    module.take_steps(optimizer, timed)
    per_step = (time.perf_counter() - began) / len(timed)
    with torch.no_grad():
        began = time.perf_counter()
        module.network(cast(torch.Tensor, module.val_inputs))
        evaluation = time.perf_counter() - began
    epochs = trainer_settings(config).max_epochs
    return epochs * (chunks.steps * per_step + evaluation)
