"""Does stacking pay? B members as one against the same members one by one, each a TrialModule, on one thread.

Both sides take the same steps of the same members: in float64 their losses must agree to 1e-9, or no ratio is printed.
Networks beyond what the planner stacks are there to show that it is right.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from rich.table import Table
from torch import Tensor

from ablate import study
from ablate.execute.process.isolation import isolated_process
from ablate.execute.stack.member import Member
from ablate.execute.stack.stacked_module import StackedModule
from ablate.execute.train.trial_module import TrialModule
from ablate.plan import Trial, bundles
from tests.benchmarks._plain import HERE

STEPS = 15
"""An epoch of the digits at 64 a minibatch."""
REPETITIONS = 7
AGREE = 1e-9
CHECKED = 50
"""Steps over which the losses of both sides must agree."""

DENSE = ("model=mlp", "model.depth=6", "model.skip_span=0")
CONVOLUTIONAL = ("model=simple_resnet", "model.depth=6", "model.skip_span=2")
WORKLOADS: dict[str, tuple[tuple[str, ...], int]] = {
    "mlp, the default, width 64": (DENSE, 20),
    "mlp, 5 members": (DENSE, 5),
    "mlp, 2 members": (DENSE, 2),
    "mlp, width 16": ((*DENSE, "model.width=16"), 20),
    "mlp, width 64, batch norm": ((*DENSE, "model.norm=batch"), 20),
    "mlp, width 128": ((*DENSE, "model.width=128"), 20),
    "mlp, width 256": ((*DENSE, "model.width=256"), 20),
    "mlp, 20 learning rates": ((*DENSE, "rates"), 20),
    "simple_resnet, width 16": (CONVOLUTIONAL, 5),
    "simple_resnet, width 4, batches of 16": ((*CONVOLUTIONAL, "model.width=4", "data.batch_size=16"), 20),
}
"""What is trained → the words for it, and how many members."""


@dataclass(frozen=True, kw_only=True)
class Sides:
    """The same members, stacked and alone, ready to take steps."""

    stack: StackedModule
    alone: list[TrialModule]
    chunk: Tensor
    """Minibatch indices, shape (steps, members, batch)."""

    def ways(self) -> tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]:
        """Both take the steps of a chunk and return the members' mean losses."""
        wide = self.stack.configure_optimizers()
        narrow = [module.configure_optimizers() for module in self.alone]

        def one_by_one(chunk: Tensor) -> Tensor:
            pairs = zip(self.alone, narrow, chunk.unbind(1), strict=True)
            return torch.stack([module.take_steps(optimizer, steps) for module, optimizer, steps in pairs])

        return lambda chunk: self.stack.take_steps(wide, chunk), one_by_one


def run() -> Table:
    """Times both sides of every workload and returns a table with a row for each."""
    table = Table(
        "workload",
        "members",
        "ms a step, alone",
        "stacked",
        "times faster (median)",
        "spread",
        title="stacked training",
    )
    for name, (words, count) in WORKLOADS.items():
        with isolated_process(threads=1):
            trials = _trials(words, count)
            _check(trials, name)
            stacked, alone = _times(_sides(trials))
        ratios = [theirs / ours for ours, theirs in zip(stacked, alone, strict=True)]
        milliseconds = [1e3 * statistics.median(side) / STEPS / count for side in (alone, stacked)]
        table.add_row(
            name,
            str(count),
            *(f"{value:.2f}" for value in milliseconds),
            f"{statistics.median(ratios):.2f}",
            f"{min(ratios):.2f} to {max(ratios):.2f}",
        )
    return table


def _trials(words: tuple[str, ...], count: int) -> tuple[Trial, ...]:
    given = [word for word in words if word != "rates"]
    varied = ",".join(str(0.001 * (k + 1)) for k in range(count)) if "rates" in words else "0.001,0.002"
    replicates = 1 if "rates" in words else -(-count // 2)
    small = ("plain", "data=digits", "trainer.accelerator=cpu")
    planned = study.plan([*small, *given, f"optimizer.lr={varied}", f"replicates={replicates}"], cwd=HERE)
    (bundle,) = bundles(planned.trials)
    return bundle.trials[:count]


def _sides(trials: tuple[Trial, ...]) -> Sides:
    members = sorted((Member.of(t.config, t.streams) for t in trials), key=lambda member: repr(member.scalars))
    epochs = [[torch.cat([*member.chunks]) for member in members] for _ in range(4)]
    chunk = torch.cat([torch.stack(epoch, dim=1) for epoch in epochs])
    return Sides(stack=StackedModule(members), alone=[member.module for member in members], chunk=chunk)


def _check(trials: tuple[Trial, ...], name: str) -> None:
    """Raises RuntimeError where the two sides do not compute the same thing."""
    sides = _sides(trials)
    sides.stack.double()
    for module in sides.alone:
        module.double()
    ours, theirs = sides.ways()
    for step in sides.chunk[:CHECKED]:
        mine, wanted = ours(step.unsqueeze(0)), theirs(step.unsqueeze(0))
        if not torch.allclose(mine, wanted, rtol=AGREE, atol=0):
            raise RuntimeError(f"{name}: losses disagree, {mine.tolist()} and {wanted.tolist()}: there is no ratio.")


def _times(sides: Sides) -> tuple[list[float], list[float]]:
    """Seconds of both sides, one entry a repetition, interleaved A B B A after a warm-up of each."""
    chunk = sides.chunk[:STEPS]
    ways = sides.ways()
    for way in ways:
        way(chunk)
    times: tuple[list[float], list[float]] = ([], [])
    for repetition in range(REPETITIONS):
        for side in (0, 1) if repetition % 2 == 0 else (1, 0):
            began = time.perf_counter()
            ways[side](chunk)
            times[side].append(time.perf_counter() - began)
    return times
