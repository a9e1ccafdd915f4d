"""In double precision: stacks against lone networks, the CPU against the GPU, and whether a step waits."""

from collections.abc import Callable
from typing import cast

import torch

from ablate.execute.process.isolation import isolated_process
from ablate.execute.stack.member import Member
from ablate.execute.stack.stacked_module import StackedModule
from ablate.execute.stack.unstackable import Unstackable
from ablate.execute.stack.verification import verify
from ablate.execute.train.fit import prepare
from ablate.execute.train.trial_module import TrialModule
from ablate.plan import Trial
from tests.gpu._stage import Findings, checked
from tests.gpu._study import trials as trials_of

NETWORKS = {
    "dense": ("model=mlp",),
    "dense, batch norm, clipped": ("model=mlp", "model.norm=batch", "trainer.gradient_clip_norm=0.1"),
    "dense, layer norm, GAP": ("model=mlp", "model.norm=layer", "model.head=gap"),
    "dense, dropout": ("model=gpu_dropout",),
    "convolutional": ("model=simple_resnet", "model.width=8", "model.depth=2"),
    "convolutional, batch norm": ("model=simple_resnet", "model.width=8", "model.depth=2", "model.norm=batch"),
}
DRAWS = ("dense, dropout",)
"""Those that draw masks in a step. A GPU's generator yields other numbers than the CPU's from one seed."""
STEPS = 10
TOLERANCE = 1e-9
"""Relative rounding of ten steps in double precision, by another order of operations."""


def run(device: str) -> Findings:
    """Two rows for each network, three on a GPU; of one that draws masks, one less."""
    rows: list[tuple[str, str, str]] = []
    for name, words in NETWORKS.items():
        with isolated_process(threads=1):
            trials = trials_of(words, 2)
            rows.append((name, "stack and alone", _is_right(lambda t=trials: _stacked(t, device))))
            if name not in DRAWS:
                rows.append((name, "CPU and device", _is_right(lambda t=trials: _same_losses(t[0], device))))
            if device == "cuda":
                rows.append((name, "no step waits", _is_right(lambda t=trials: _waits(t))))
    notes = [f"Not compared with the CPU, where other masks are drawn: {', '.join(DRAWS)}."]
    notes += [] if device == "cuda" else ["A CPU queues nothing: whether a step waits was not tried."]
    return checked(("network", "what", ""), rows, notes=notes)


def _is_right(check: Callable[[], None]) -> str:
    try:
        check()
    except (RuntimeError, Unstackable, AssertionError) as error:
        return " ".join(str(error).split())[:200] or type(error).__name__
    return "ok"


def _stacked(trials: tuple[Trial, ...], device: str) -> None:
    verify([Member.of(t.config, t.streams) for t in trials], device=torch.device(device))


def _same_losses(trial: Trial, device: str) -> None:
    losses = []
    for where in ("cpu", device):
        fit = prepare(trial.config, trial.streams)
        module = cast(TrialModule, fit.module).double().to(where)
        chunk = next(iter(fit.data["train_dataloaders"]))[:STEPS].to(where)
        optimizer = module.configure_optimizers()
        losses.append([module.take_steps(optimizer, step.unsqueeze(0)).item() for step in chunk])
    torch.testing.assert_close(*losses, rtol=TOLERANCE, atol=TOLERANCE)


def _waits(trials: tuple[Trial, ...]) -> None:
    """Torch raises RuntimeError where a step waits for the device."""
    members = [Member.of(t.config, t.streams) for t in trials]
    chunks = torch.stack([next(iter(m.chunks))[:STEPS] for m in members], dim=1).cuda()
    stack = StackedModule(members).cuda()
    lone = cast(TrialModule, prepare(trials[0].config, trials[0].streams).module).cuda()
    for module, chunk in ((stack, chunks), (lone, chunks[:, 0])):
        optimizer = module.configure_optimizers()
        module.take_steps(optimizer, chunk[:1])  # allocates, and compiles kernels
        torch.cuda.set_sync_debug_mode("error")
        try:
            module.take_steps(optimizer, chunk)
        finally:
            torch.cuda.set_sync_debug_mode("default")
