"""Builds and measures one trial for all trials like it. Imports Lightning."""

import time
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from ablate.execute.examine.activation_memory import activation_bytes
from ablate.execute.planner.timing import time_steps
from ablate.execute.process.matmul_precision import set_matmul_precision
from ablate.execute.stack.member import Member
from ablate.execute.train.batches import TrainingChunks
from ablate.execute.train.fit import prepare
from ablate.execute.train.size import flops, parameters
from ablate.execute.train.trial_module import TrialModule
from ablate.plan.trial import Trial
from ablate.store.timings import Profile, StepTiming


def profile(trial: Trial, *, hardware: str, threads: int) -> Profile:
    """Builds a trial and describes it.

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
        return Profile(user_defined=True, family=family)
    if fit.module.is_streamed:  # it waits for its workers: its steps take another time
        family["streamed"] = str(trial.config.data["_target_"])
    inputs, _ = fit.module.probe(trial.config.data.description.batch_size)
    fit.module.teardown("fit")
    return Profile(
        user_defined=False,
        family=family,
        train=fit.examples["train"],
        val=fit.examples["val"],
        test=fit.examples["test"],
        parameters=parameters(fit.network),
        flops=flops(fit.network, fit.probe) or 0,
        data_bytes=sum(buffer.nbytes for buffer in fit.module.buffers(recurse=False)),
        example_bytes=_activation_bytes(fit.network, inputs) / len(inputs),
    )


def step_timing(trial: Trial, *, device: torch.device, work: float, widths: Sequence[int]) -> StepTiming:
    """Builds a plain network and times its steps, alone and as stacks of these widths.

    Raises:
        Unstackable: it cannot be stacked, and `widths` were given.
        Exception: whatever torch raises for an operation that it cannot do or stack.
    """
    began = time.perf_counter()
    fit = prepare(trial.config, trial.streams)
    build = time.perf_counter() - began
    member = Member.of(trial.config, trial.streams, fit=fit) if widths else None
    steps = next(iter(cast(TrainingChunks, fit.data["train_dataloaders"])))
    settings, module = trial.config.trainer.settings, cast(TrialModule, fit.module)
    set_matmul_precision(settings.matmul_precision)  # `schedule` restores it
    if settings.precision in PRECISIONS:
        module = module.to(PRECISIONS[settings.precision])
    module.setup("fit")
    with torch.autocast(device.type, torch.bfloat16, enabled=settings.precision == "bf16-mixed"):
        return time_steps(module, member, steps=steps, device=device, work=work, build=build, widths=widths)


PRECISIONS = {"64-true": torch.float64, "bf16-true": torch.bfloat16}
"""Precisions in which Lightning converts a module and its data."""


def _activation_bytes(network: nn.Module, inputs: Tensor) -> int:
    try:
        return activation_bytes(network, inputs)
    except Exception:  # a network that fails here fails in its trial, too, and is recorded there
        return 0
