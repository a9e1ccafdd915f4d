"""Times a few steps of a network: alone, and as stacks of several widths."""

import copy
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

import torch
from torch import Tensor, nn

from ablate.execute.planner.timing_cache import MAX_STACKED_SHARE
from ablate.execute.planner.widths import WIDTHS
from ablate.execute.process.hardware import synchronize
from ablate.execute.process.out_of_memory import is_out_of_memory
from ablate.execute.stack.conv_as_matmul import can_be_matmul
from ablate.execute.stack.member import Member
from ablate.execute.stack.stacked_module import StackedModule
from ablate.execute.train.batches import EVALUATION_BATCH_SIZE
from ablate.execute.train.network import evaluating
from ablate.execute.train.trial_module import TrialModule
from ablate.store.timings import StepTiming

BUSY_STEP_S = 0.05
"""From this duration of a step of one trial on, no stack is timed: stacking saves the time between operations only."""

MIN_TIMED_STEPS = 2
TIMED_STEPS_BUDGET_S = 0.02
"""Steps are timed until both are reached. The fastest counts: other processes, and the first allocations, only add."""

MAX_PROBE_STEPS = 8
"""Minibatches whose examples a probe copies."""


def time_steps(
    module: TrialModule,
    member: Member | None,
    *,
    steps: Tensor,
    device: torch.device,
    work: float,
    build: float,
    widths: Sequence[int] | None = None,
) -> StepTiming:
    """Takes steps of copies, alone and stacked. The module itself is changed, and of no use afterwards.

    Args:
        module: A trial that has taken no step.
        member: The same as a member of a stack; None: it cannot be stacked.
        steps: Minibatches of its training examples, shape (steps, batch).
        device: Where it trains.
        work: Floating-point operations of a step.
        build: Seconds that building it took.
        widths: Of the stacks, ascending; None: those of a CPU.

    Raises:
        Exception: whatever torch raises for an operation that it cannot do or stack, or for want of memory.
    """
    steps = steps[:MAX_PROBE_STEPS]
    reading = _time_reading(module, steps)
    steps = _keep_examples_of(module, steps).to(device)
    single = copy.deepcopy(module).to(device)
    optimizer = single.configure_optimizers()
    alone = _fastest(lambda chunk: single.take_steps(optimizer, chunk), steps, device)
    stacked, conv_as_matmul = {}, False
    if member is not None and alone < BUSY_STEP_S:
        found = {
            way: _time_stacks(module, member, steps, device, alone=alone, widths=widths or WIDTHS, conv_as_matmul=way)
            for way in _ways(module, device)
        }
        conv_as_matmul = min(found, key=lambda way: min(found[way].values()))
        stacked = found[conv_as_matmul]
    example, evaluation = _time_evaluation(single, device)
    return StepTiming(
        work=work,
        step=max(alone, reading),
        stacked=stacked,
        conv_as_matmul=conv_as_matmul,
        example=max(example, reading / steps.shape[1]),
        evaluation=evaluation,
        build=build,
    )


def _ways(module: TrialModule, device: torch.device) -> tuple[bool, ...]:
    """Values of `conv_as_matmul` to time: both on an accelerator, if there is a convolution.

    On a CPU, laying out the patches takes four times as long as the convolution.
    """
    is_timed = device.type != "cpu" and any(map(can_be_matmul, module.network.modules()))
    return (False, True) if is_timed else (False,)


def _time_stacks(
    module: TrialModule,
    member: Member,
    steps: Tensor,
    device: torch.device,
    *,
    alone: float,
    widths: Sequence[int],
    conv_as_matmul: bool,
) -> dict[int, float]:
    """Members → seconds of a step for each of them. On an accelerator, as wide as its memory allows."""
    seconds: dict[int, float] = {}
    best = alone
    for width in widths:
        try:
            seconds[width] = _time_stack(module, member, steps, device, width, conv_as_matmul=conv_as_matmul)
        except Exception as error:
            if not seconds or device.type == "cpu" or not is_out_of_memory(error):
                raise
            break
        if seconds[width] > MAX_STACKED_SHARE * best:
            break
        best = seconds[width]
    return seconds


def _time_stack(
    module: TrialModule, member: Member, steps: Tensor, device: torch.device, width: int, *, conv_as_matmul: bool
) -> float:
    """Seconds of a step of a stack, for each of its members."""
    copies = [_copy(member, module) for _ in range(width)]
    stack = StackedModule(copies, conv_as_matmul=conv_as_matmul).to(device)
    optimizer = stack.configure_optimizers()
    chunks = steps.unsqueeze(1).expand(-1, width, -1)
    take = cast(Callable[[Tensor], object], lambda chunk, s=stack, o=optimizer: s.take_steps(o, chunk))
    return _fastest(take, chunks, device) / width


def _time_reading(module: TrialModule, steps: Tensor) -> float:
    """Seconds in which the workers read what a step takes; 0: all examples are in memory. It computes meanwhile."""
    if not module.is_streamed:
        return 0.0
    deque(module.minibatches("train", steps[:1]), maxlen=0)  # the workers start
    began = time.perf_counter()
    deque(module.minibatches("train", steps), maxlen=0)
    return (time.perf_counter() - began) / len(steps)


def _keep_examples_of(module: TrialModule, steps: Tensor) -> Tensor:
    """Drops all but the examples of these minibatches and one evaluation batch; returns the minibatches renumbered."""
    module.keep("train", steps.flatten())
    module.keep("val", module.first("val", EVALUATION_BATCH_SIZE))
    module.keep("test", module.first("test", 1))
    return torch.arange(steps.numel()).view_as(steps)


def _copy(member: Member, module: TrialModule) -> Member:
    # No step changes examples and metrics, and they take longer to copy than all the rest. The loss may hold tensors,
    # as class weights, which each stack moves to its device.
    shared = (module.metrics, *module.buffers(recurse=False))
    one = copy.deepcopy(module, {id(part): part for part in shared})
    return replace(member, fit=replace(member.fit, module=one, network=one.network), module=one)


def _fastest(take: Callable[[Tensor], object], steps: Tensor, device: torch.device) -> float:
    """Seconds of the fastest step, without the first, which is not timed.

    An accelerator takes steps while the next ones are queued, so there several are timed together.
    """
    count = 1 if device.type == "cpu" else len(steps)
    take(steps[:1])
    synchronize(device)
    times: list[float] = []
    began = time.perf_counter()
    while len(times) < MIN_TIMED_STEPS or time.perf_counter() - began < TIMED_STEPS_BUDGET_S:
        start = len(times) * count % len(steps)
        at = time.perf_counter()
        take(steps[start : start + count])
        synchronize(device)
        times.append((time.perf_counter() - at) / count)
    return min(times)


def _time_evaluation(module: TrialModule, device: torch.device) -> tuple[float, float]:
    """Seconds of the evaluation of one example, and of a batch beside its examples.

    On a CPU a batch takes what its examples take. On an accelerator a small batch takes as long as a larger one, and
    the first of a size longer than the next ones: two sizes are timed, the fastest of several each.
    """
    inputs = cast(Tensor, module.val_inputs)
    network = cast(nn.Module, module.network)
    with torch.no_grad(), evaluating(network):
        if device.type == "cpu":
            network(inputs[:1])
            began = time.perf_counter()
            network(inputs)
            return (time.perf_counter() - began) / max(len(inputs), 1), 0.0
        one, all_of_them = (
            _fastest(lambda rows: network(rows[0]), rows.unsqueeze(0), device) for rows in (inputs[:1], inputs)
        )
    example = max(all_of_them - one, 0.0) / max(len(inputs) - 1, 1)
    return example, max(one - example, 0.0)
