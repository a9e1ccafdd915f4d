"""A process that takes steps for a while when it is told to, and says how many. `pace` starts several."""

import os
import pickle
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import BinaryIO, cast

import torch
from torch import Tensor

from ablate.execute.process.parent_death import signal_at_parent_death
from ablate.plan.trial import Trial

READY = b"ready\n"
"""What it writes when it has taken its first steps."""

GO = b"go\n"
"""What it reads before it takes steps for `TIMED_S`. It ends when there is no more to read."""

TIMED_S = 0.5

STEPS = 8
"""Steps between two looks at the clock, for which an accelerator must have finished."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What it trains: one trial, or several as a stack."""

    trials: tuple[Trial, ...]
    conv_as_matmul: bool
    device: str


def main(file: BinaryIO) -> None:
    """Reads a `Measured` from a file, then a line for each measurement; answers with steps per second."""
    signal_at_parent_death()
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what user-defined code prints
    measured = cast(Measured, pickle.load(file))
    torch.set_num_threads(1)
    take = steps(measured)
    take()
    answers.write(READY)
    while sys.stdin.buffer.readline() == GO:
        began, taken = time.perf_counter(), 0
        while (passed := time.perf_counter() - began) < TIMED_S:
            take()
            taken += STEPS
        answers.write(b"%.6g\n" % (taken / passed))


def steps(measured: Measured) -> Callable[[], None]:
    """Builds a trial or a stack; returns what takes `STEPS` steps of it and waits for them."""
    from ablate.execute.planner.profile import PRECISIONS
    from ablate.execute.process.hardware import synchronize
    from ablate.execute.process.isolation import silence
    from ablate.execute.process.matmul_precision import set_matmul_precision
    from ablate.execute.stack.member import Member
    from ablate.execute.stack.stacked_module import StackedModule
    from ablate.execute.train.dataset import shared_splits
    from ablate.execute.train.fit import prepare

    silence()
    first, device = measured.trials[0].config, torch.device(measured.device)
    settings = first.trainer.settings
    if len(measured.trials) == 1:
        fit = prepare(first, measured.trials[0].streams)
        module, chunk = fit.module, next(iter(fit.data["train_dataloaders"]))
    else:
        make_splits = shared_splits()
        members = [Member.of(trial.config, trial.streams, make_splits=make_splits) for trial in measured.trials]
        module = StackedModule(members, conv_as_matmul=measured.conv_as_matmul)
        chunk = torch.stack([next(iter(member.chunks)) for member in members], dim=1)
    set_matmul_precision(settings.matmul_precision)
    module = module.to(device, PRECISIONS.get(settings.precision))
    optimizer = cast(torch.optim.Optimizer, module.configure_optimizers())
    take_steps = cast(Callable[[torch.optim.Optimizer, Tensor], object], module.take_steps)
    repeated = torch.cat([chunk] * -(-STEPS // len(chunk)))[:STEPS].to(device)
    is_mixed = settings.precision == "bf16-mixed"

    def take() -> None:
        with torch.autocast(device.type, torch.bfloat16) if is_mixed else nullcontext():
            take_steps(optimizer, repeated)
        synchronize(device)

    return take
