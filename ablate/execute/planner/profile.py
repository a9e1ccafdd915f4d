"""A look at a trial: what is built and measured of it once, for all whose like it is (imports Lightning)."""

import time
from typing import cast

import torch
from torch import Tensor, nn

from ablate.execute.examine.activation_memory import activation_bytes
from ablate.execute.planner.timing import pace
from ablate.execute.process.matmul_precision import set_matmul_precision
from ablate.execute.stack.member import Member
from ablate.execute.train.batches import TrainingChunks
from ablate.execute.train.fit import prepare
from ablate.execute.train.size import flops, parameters
from ablate.execute.train.trial_module import TrialModule
from ablate.plan.trial import Trial
from ablate.store.timings import Look, Pace


def look(trial: Trial, *, hardware: str, threads: int) -> Look:
    """Builds a trial, and looks at what it is made of.

    Args:
        trial: Any.
        hardware: Where it trains.
        threads: CPU threads that it trains with.

    Raises:
        AblateError: its network or its data cannot be built.
    """
    fit, settings = prepare(trial.config, trial.streams), trial.config.trainer.settings
    leaves = [part for part in fit.network.modules() if not any(part.children())]
    family = {
        "device": hardware,
        "threads": str(threads),
        "precision": f"{settings.precision}, {settings.matmul_precision}",
        "channels last": str(settings.channels_last),
        "optimizer": str(trial.config.optimizer.get("_target_")),
        "model": str(trial.config.model["_target_"]),
        "layers": ", ".join(sorted({type(leaf).__name__ for leaf in leaves})),
    }
    if not isinstance(fit.module, TrialModule):
        return Look(own=True, family=family)
    inputs = cast(Tensor, fit.module.train_inputs)
    batch = min(trial.config.data.description.batch_size, len(inputs))
    return Look(
        own=False,
        family=family,
        train=fit.examples["train"],
        val=fit.examples["val"],
        test=fit.examples["test"],
        parameters=parameters(fit.network),
        flops=flops(fit.network, fit.probe) or 0,
        data_bytes=sum(buffer.nbytes for buffer in fit.module.buffers(recurse=False)),
        example_bytes=_kept(fit.network, inputs[:batch]) / batch,
    )


def pace_of(trial: Trial, *, device: torch.device, work: float, stacked: bool) -> Pace:
    """Times a plain network's steps, alone and, if asked for, stacked.

    Raises:
        Unstackable: it cannot be stacked, and was to be.
        Exception: whatever torch says of an operation that it cannot do or stack.
    """
    began = time.perf_counter()
    fit = prepare(trial.config, trial.streams)
    build = time.perf_counter() - began
    member = Member.of(trial.config, trial.streams, fit=fit) if stacked else None
    steps = next(iter(cast(TrainingChunks, fit.data["train_dataloaders"])))
    settings, module = trial.config.trainer.settings, cast(TrialModule, fit.module)
    set_matmul_precision(settings.matmul_precision)  # whoever plans restores it
    if settings.precision in PRECISIONS:
        module = module.to(PRECISIONS[settings.precision])
    with torch.autocast(device.type, torch.bfloat16, enabled=settings.precision == "bf16-mixed"):
        return pace(module, member, steps=steps, device=device, work=work, build=build)


PRECISIONS = {"64-true": torch.float64, "bf16-true": torch.bfloat16}
"""Precisions in which a network is, and its data, all through its training."""


def _kept(network: nn.Module, inputs: Tensor) -> int:
    try:
        return activation_bytes(network, inputs)
    except Exception:  # what fails here fails in its trial, and is recorded there
        return 0
