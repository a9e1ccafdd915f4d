"""How long a study will take: a few optimizer steps of each design point, timed, times how many there are."""

import math
import random
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import torch
from torch import Tensor

from ablate.config.spec import Config, StudySpec
from ablate.execute.blame import blamed
from ablate.execute.chunks import EVALUATION, TrainingChunks
from ablate.execute.fit import prepare
from ablate.execute.module import TrialModule
from ablate.execute.quiet import guest
from ablate.execute.settings import trainer_settings
from ablate.execute.trainer import trainer
from ablate.plan.seeds import Streams, streams

POINTS = 48
"""Design points that are timed at most, evenly over the design."""

SECONDS = 1.0
"""After which no further design point is timed; they come in a random order, so that any number of them serves."""

WARM, TIMED = 2, 4
"""Steps that are taken and not timed, and steps that are timed."""

EPOCHS = 8
"""Epochs of one step over which the Trainer is timed: its start is spread over them, as over those of a trial."""


def seconds_per_trial(spec: StudySpec, configs: Sequence[Config]) -> float | None:
    """Mean wall seconds of one training on this machine's CPU with one thread, over the design points.

    None for a person's own LightningModule, whose steps are theirs.
    """
    every = math.ceil(len(configs) / POINTS)
    chosen = list(configs[::every])
    random.Random(0).shuffle(chosen)
    times: list[float] = []
    per_epoch, seeds = 0.0, streams(spec.seed, 0)
    began = time.perf_counter()
    with blamed(), guest(threads=1):
        for config in chosen:
            if times and time.perf_counter() - began > SECONDS:
                break
            fit = prepare(config, seeds)
            if not isinstance(fit.module, TrialModule):
                return None
            compute = _seconds(fit.module, cast(TrainingChunks, fit.data["train_dataloaders"]))
            if not times:
                per_epoch = _overhead(config, seeds)
            times.append(trainer_settings(config).max_epochs * (compute + per_epoch))
    return sum(times) / len(times)


def _seconds(module: TrialModule, chunks: TrainingChunks) -> float:
    """What an epoch computes: its optimizer steps, and the validation after them."""
    optimizer = module.configure_optimizers()
    minibatches = next(iter(chunks))
    timed = minibatches[WARM : WARM + TIMED] if len(minibatches) > WARM else minibatches
    module.take_steps(optimizer, minibatches[:WARM])
    began = time.perf_counter()
    module.take_steps(optimizer, timed)
    per_step = (time.perf_counter() - began) / len(timed)
    examples = cast(Tensor, module.val_inputs)
    with torch.no_grad():
        began = time.perf_counter()
        module.network(examples[:EVALUATION])
        evaluation = (time.perf_counter() - began) * len(examples) / min(len(examples), EVALUATION)
    return chunks.steps * per_step + evaluation


def _overhead(config: Config, seeds: Streams) -> float:
    """What the Trainer costs per epoch: most of what there is, in a study of tiny networks."""
    few = {"accelerator": "cpu", "max_epochs": EPOCHS, "lightning": {"limit_train_batches": 1}}
    config = {**config, "logger": None, "trainer": {**config["trainer"], **few}}
    fit = prepare(config, seeds)
    with TemporaryDirectory() as folder:
        once = trainer(config, own=False, callbacks=(), folder=Path(folder))
        began = time.perf_counter()
        once.fit(fit.module, **fit.data)
        return (time.perf_counter() - began) / EPOCHS
