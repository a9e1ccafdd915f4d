"""What stacking saves: a few steps of the widest stack, against those of one of its members."""

import time
from collections.abc import Callable, Sequence

import torch

from ablate.execute.blame import blamed
from ablate.execute.quiet import guest
from ablate.execute.stacked.member import Member
from ablate.execute.stacked.module import StackedModule
from ablate.plan.bundle import Bundle

WARM, TIMED = 2, 4
"""Steps that are taken and not timed, and steps that are timed."""


def share(bundles: Sequence[Bundle]) -> float:
    """Seconds of a stacked trial per second of a trial that trains alone, on this machine's CPU with one thread.

    1 where nothing is stacked. The widest stack stands for all.
    """
    widest = max((b for b in bundles if b.stacked), key=lambda b: len(b.trials), default=None)
    if widest is None:
        return 1.0
    with blamed(), guest(threads=1):
        members = [Member.of(trial.config, trial.streams) for trial in widest.trials]
        stack, one = StackedModule(members), members[0].module
        chunk = torch.stack([next(iter(member.chunks)) for member in members], dim=1)
        wide, narrow = stack.configure_optimizers(), one.configure_optimizers()
        together = _seconds(lambda steps: stack.take_steps(wide, steps), chunk)
        alone = _seconds(lambda steps: one.take_steps(narrow, steps[:, 0]), chunk)
    return together / len(members) / alone


def _seconds(take: Callable[[torch.Tensor], object], chunk: torch.Tensor) -> float:
    """Per step."""
    take(chunk[:WARM])
    timed = chunk[WARM : WARM + TIMED] if len(chunk) > WARM else chunk
    began = time.perf_counter()
    take(timed)
    return (time.perf_counter() - began) / len(timed)
