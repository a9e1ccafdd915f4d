"""Milliseconds of a step for each member, by the number of members and the way of computing it."""

import statistics
import time
from typing import Any, cast
from unittest.mock import patch

import torch

from ablate.execute.process.hardware import synchronize
from ablate.execute.process.isolation import isolated_process
from ablate.execute.stack import networks
from ablate.execute.stack.member import Member
from ablate.execute.stack.stacked_module import StackedModule
from ablate.execute.train.fit import prepare
from tests.gpu._stage import Findings, seconds_left
from tests.gpu._study import trials as trials_of

NETWORKS = {
    "dense, width 64": ("model=mlp",),
    "convolutional, width 16": ("model=simple_resnet", "model.width=16", "model.depth=6"),
}
SMALL = {"dense": ("model=mlp",), "convolutional": ("model=simple_resnet", "model.width=4", "model.depth=2")}
"""On the CPU, where only the command is tried."""
WIDTHS = {"cuda": (1, 4, 20, 50, 100, 200), "cpu": (1, 4)}
STEPS = {"cuda": 10, "cpu": 2}
REPETITIONS = {"cuda": 5, "cpu": 2}
EAGER_RESERVE_S, RESERVE_S = 6, {"compiled": 25}
"""Nothing is begun that has less time left; a compilation takes longer."""


def run(device: str) -> Findings:
    """A row for each network, way and width."""
    rows, left_out = [], []
    for name, words, way, width in _plan(device):
        if seconds_left("steps", device) < RESERVE_S.get(way, EAGER_RESERVE_S):
            left_out.append(f"{name}, {way}, {width}")
            continue
        with isolated_process(threads=1):
            middle, least, most = _milliseconds(words, way, width, torch.device(device))
        rows.append((name, way, str(width), f"{middle:.3f}", f"{least:.3f} to {most:.3f}"))
    notes = ["Computed on a CPU, and of other networks: no figure of a GPU."] if device == "cpu" else []
    notes += [f"For want of time not timed: {'; '.join(left_out)}."] if left_out else []
    headers = ("network", "way", "members", "ms a step and member (median)", "spread")
    return Findings(state="measured", headers=headers, rows=rows, notes=notes)


def _plan(device: str) -> list[tuple[str, tuple[str, ...], str, int]]:
    """Network, its words, way and width: what is of most use first."""
    networks = NETWORKS if device == "cuda" else SMALL
    widths = WIDTHS[device]
    ways = {"alone": (1,), "stacked": widths, "matrix products": widths}
    if device == "cuda":  # the CPU aligns no rows, and compiling takes too long to try there
        ways |= {"compiled": widths[::2], "rows not aligned": widths[1::2]}
    return [
        (name, words, way, width)
        for way, chosen in ways.items()
        for name, words in networks.items()
        for width in chosen
        if way != "matrix products" or "model=simple_resnet" in words
    ]


def _milliseconds(words: tuple[str, ...], way: str, width: int, device: torch.device) -> tuple[float, float, float]:
    compiled = ("trainer.compile=true",) if way == "compiled" else ()
    trials = trials_of((*words, *compiled), width)
    if way == "alone":
        fit = prepare(trials[0].config, trials[0].streams)
        module, chunk = fit.module, next(iter(fit.data["train_dataloaders"]))[: STEPS[device.type]]
    else:
        members = [Member.of(trial.config, trial.streams) for trial in trials]
        chunk = torch.stack([next(iter(m.chunks))[: STEPS[device.type]] for m in members], dim=1)
        module = StackedModule(members, conv_as_matmul=way == "matrix products")
    with patch.object(networks, "ALIGNMENT_BYTES", 0 if way == "rows not aligned" else networks.ALIGNMENT_BYTES):
        module, chunk = cast(Any, module.to(device)), chunk.to(device)
    optimizer = module.configure_optimizers()
    take = module.take_steps if way != "compiled" else lambda o, c: _compiled_steps(module, o, c)
    times = []
    for repetition in range(-1, REPETITIONS[device.type]):
        synchronize(device)
        began = time.perf_counter()
        take(optimizer, chunk)
        synchronize(device)
        if repetition >= 0:
            times.append(1e3 * (time.perf_counter() - began) / len(chunk) / width)
    return statistics.median(times), min(times), max(times)


def _compiled_steps(module: Any, optimizer: torch.optim.Optimizer, chunk: torch.Tensor) -> None:
    """Steps as Lightning has them taken: by the compiled call, where it computes the same."""
    module.optimizers = lambda use_pl_optimizer: optimizer
    module.training_step(chunk, 0)
