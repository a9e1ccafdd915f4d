"""How fast a network trains: a few steps of it, alone and as stacks of several widths."""

import copy
import time
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import torch
from torch import Tensor, nn

from ablate.execute.planner.timing_cache import WORTHWHILE
from ablate.execute.process.hardware import synchronize
from ablate.execute.stack.conv_as_matmul import can_be_matrix
from ablate.execute.stack.member import Member
from ablate.execute.stack.stacked_module import StackedModule
from ablate.execute.train.batches import EVALUATION
from ablate.execute.train.network import evaluating
from ablate.execute.train.trial_module import TrialModule
from ablate.store.timings import Pace

WIDTHS = (4, 10, 20)
"""Members of the stacks that are tried, until one is no faster than the one before. Beyond twenty there is little more
to gain."""

BUSY = 0.05
"""Seconds of a step from which on no stack is tried: what a stack saves is the time between operations."""

FEWEST, SECONDS = 2, 0.02
"""Steps that are timed at least, and until when more are; their least counts, as others' work only adds to it, and the
first few wait for memory."""

MOST = 8
"""Steps whose examples a probe holds."""


def pace(
    module: TrialModule, member: Member | None, *, steps: Tensor, device: torch.device, work: float, build: float
) -> Pace:
    """Takes steps of copies, alone and stacked; the module itself is used up.

    Args:
        module: A trial that has taken no step.
        member: It as a member of a stack; None: it cannot be one.
        steps: Minibatches of its training examples, shape (steps, batch).
        device: Where it trains.
        work: Floating-point operations of a step.
        build: Seconds that it took to prepare.

    Raises:
        Exception: whatever torch says of an operation that it cannot do or stack, or for which there is no memory.
    """
    steps = _shorten(module, steps[:MOST]).to(device)
    lone = copy.deepcopy(module).to(device)
    optimizer = lone.configure_optimizers()
    alone = _least(lambda chunk: lone.take_steps(optimizer, chunk), steps, device)
    stacked, matrices = {}, False
    if member is not None and alone < BUSY:
        found = {way: _stacked(module, member, steps, device, alone, matrices=way) for way in _ways(module, device)}
        matrices = min(found, key=lambda way: min(found[way].values()))
        stacked = found[matrices]
    example = _example(lone, device)
    return Pace(work=work, step=alone, stacked=stacked, matrices=matrices, example=example, build=build)


def _ways(module: TrialModule, device: torch.device) -> tuple[bool, ...]:
    """Whether convolutions are computed as matrix products: as they are, or both, on an accelerator.

    A processor takes four times as long to lay out the patches as to convolve.
    """
    is_tried = device.type != "cpu" and any(map(can_be_matrix, module.network.modules()))
    return (False, True) if is_tried else (False,)


def _stacked(
    module: TrialModule, member: Member, steps: Tensor, device: torch.device, alone: float, *, matrices: bool
) -> dict[int, float]:
    """Members → seconds of a step for each of them."""
    seconds: dict[int, float] = {}
    best = alone
    for width in WIDTHS:
        stack = StackedModule([_alike(member, module) for _ in range(width)], matrices=matrices).to(device)
        optimizer = stack.configure_optimizers()
        chunks = steps.unsqueeze(1).expand(-1, width, -1)
        take = cast(Callable[[Tensor], object], lambda chunk, s=stack, o=optimizer: s.take_steps(o, chunk))
        seconds[width] = _least(take, chunks, device) / width
        if seconds[width] > WORTHWHILE * best:
            break
        best = seconds[width]
    return seconds


def _shorten(module: TrialModule, steps: Tensor) -> Tensor:
    """Leaves a module the examples of these minibatches, and a batch to evaluate; returns the minibatches of them."""
    for split in ("train", "val", "test"):
        rows = steps.flatten() if split == "train" else slice(EVALUATION if split == "val" else 1)
        for name in (f"{split}_inputs", f"{split}_targets"):
            setattr(module, name, cast(Tensor, getattr(module, name))[rows].clone())
    return torch.arange(steps.numel()).view_as(steps)


def _alike(member: Member, module: TrialModule) -> Member:
    # Examples and metrics, which take longer to copy than the rest together, no step changes.
    shared = (module.loss, module.metrics, *module.buffers(recurse=False))
    one = copy.deepcopy(module, {id(part): part for part in shared})
    return replace(member, fit=replace(member.fit, module=one, network=one.network), module=one)


def _least(take: Callable[[Tensor], object], steps: Tensor, device: torch.device) -> float:
    """Seconds of the fastest step but the first, which is not timed."""
    take(steps[:1])
    synchronize(device)
    times: list[float] = []
    began = time.perf_counter()
    while len(times) < FEWEST or time.perf_counter() - began < SECONDS:
        start = len(times) % len(steps)
        at = time.perf_counter()
        take(steps[start : start + 1])
        synchronize(device)
        times.append(time.perf_counter() - at)
    return min(times)


def _example(module: TrialModule, device: torch.device) -> float:
    inputs = cast(Tensor, module.val_inputs)
    network = cast(nn.Module, module.network)
    with torch.no_grad(), evaluating(network):
        network(inputs[:1])
        synchronize(device)
        began = time.perf_counter()
        network(inputs)
        synchronize(device)
        return (time.perf_counter() - began) / max(len(inputs), 1)
