"""Milliseconds of a step for each member, by the number of members and the way of computing it."""

import statistics
import time
from typing import Any, cast

import torch

from ablate.execute.process.hardware import synchronize
from ablate.execute.process.isolation import isolated_process
from ablate.execute.stack.member import Member
from ablate.execute.stack.stacked_module import StackedModule
from ablate.execute.train.fit import prepare
from tests.gpu._stage import STAGES, Findings
from tests.gpu._study import trials as trials_of

NETWORKS = {
    "dense, width 64": ("model=mlp",),
    "convolutional, width 16": ("model=simple_resnet", "model.width=16", "model.depth=6"),
}
WIDTHS = {"cuda": (1, 4, 20, 50, 100, 200), "cpu": (1, 4)}
TIMED_STEPS = 10
REPETITIONS = 5
LIMIT_S = next(stage.limit_s for stage in STAGES if stage.name == "steps") - 20
"""Nothing is begun after it."""


def run(device: str) -> Findings:
    """A row for each network, way and width."""
    rows, began, left_out = [], time.monotonic(), []
    for name, words in NETWORKS.items():
        ways = ["alone", "stacked", "compiled"] + (["matrix products"] if "resnet" in words[0] else [])
        for way in ways if device == "cuda" else [w for w in ways if w != "compiled"]:
            for width in WIDTHS[device] if way != "alone" else (1,):
                if time.monotonic() - began > LIMIT_S:
                    left_out.append(f"{name}, {way}, {width}")
                    continue
                with isolated_process(threads=1):
                    middle, least, most = _milliseconds(words, way, width, torch.device(device))
                rows.append((name, way, str(width), f"{middle:.3f}", f"{least:.3f} to {most:.3f}"))
    notes = [f"For want of time not timed: {'; '.join(left_out)}."] if left_out else []
    headers = ("network", "way", "members", "ms a step and member (median)", "spread")
    return Findings(state="measured", headers=headers, rows=rows, notes=notes)


def _milliseconds(words: tuple[str, ...], way: str, width: int, device: torch.device) -> tuple[float, float, float]:
    compiled = ("trainer.compile=true",) if way == "compiled" else ()
    trials = trials_of((*words, *compiled), width)
    if way == "alone":
        fit = prepare(trials[0].config, trials[0].streams)
        module, chunk = fit.module, next(iter(fit.data["train_dataloaders"]))[:TIMED_STEPS]
    else:
        members = [Member.of(trial.config, trial.streams) for trial in trials]
        chunk = torch.stack([next(iter(m.chunks))[:TIMED_STEPS] for m in members], dim=1)
        module = StackedModule(members, conv_as_matmul=way == "matrix products")
    module, chunk = cast(Any, module.to(device)), chunk.to(device)
    optimizer = module.configure_optimizers()
    take = module.take_steps if way != "compiled" else lambda o, c: _compiled_steps(module, o, c)
    times = []
    for repetition in range(-1, REPETITIONS):
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
