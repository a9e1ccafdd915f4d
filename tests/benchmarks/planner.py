"""Does the planner choose well? Its own plan against every fixed one, over workloads that want different ones.

A fixed plan is what a person would set once and for all: trials alone, or stacks of one width, on two workers of a
thread each; or one after the other on two threads. Timed is the engine, from the first start to the last record: the
planner's probes are kept on disk, and made before. A ratio is the best fixed plan's seconds over the planner's.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from ablate import study
from ablate.execute.engines import engine
from ablate.execute.planner import schedule
from ablate.execute.train.job import Job
from ablate.plan.bundle import Bundle, bundles
from ablate.plan.trial import Trial
from tests.benchmarks._goal import Goal
from tests.benchmarks._plain import HERE

Losses = Mapping[str, float]
"""Id of a trial → its test loss."""
WORKERS = 2
REPETITIONS = 3
EXACTLY = ("trainer.precision=64-true", "trainer.max_epochs=1")
EXACT = 1e-9
"""In double precision, before anything is timed, the losses of each trial agree to this, relative to 1 or the loss."""
ROUNDED = 0.02
"""In single precision the median trial's do: a stack rounds otherwise, and now and then a training carries that far."""

FIXED = {"alone": (WORKERS, 1, 1), "two threads": (1, 2, 1), **{f"stacks of {n}": (WORKERS, 1, n) for n in (4, 10, 20)}}
"""Name → workers, threads of each, members of a stack."""

OWN = "the planner's"
LR = "optimizer.lr=0.001,0.002"
WORKLOADS = {
    "dense": ["model=mlp", LR, "replicates=20", "trainer.max_epochs=5"],
    "wide dense": ["model=mlp", "model.width=256", LR, "replicates=6", "trainer.max_epochs=5"],
    "dense, minibatches of 4": ["model=mlp", "data.batch_size=4", LR, "replicates=10", "trainer.max_epochs=1"],
    "thin residual": [
        "model=simple_resnet",
        "model.width=4",
        "model.depth=2",
        LR,
        "replicates=10",
        "trainer.max_epochs=3",
    ],
    "residual": ["model=simple_resnet", LR, "replicates=6", "trainer.max_epochs=2"],
    "residual, softmax": [
        "model=simple_resnet",
        "model.hidden_activation=softmax",
        LR,
        "replicates=4",
        "trainer.max_epochs=2",
    ],
    "one network each": ["model=mlp", "model.depth=2,4,6,8", "replicates=2", "trainer.max_epochs=10"],
    "two large trials": ["model=simple_resnet", "model.width=32", LR, "replicates=1", "trainer.max_epochs=2"],
}


def goals() -> Iterator[Goal]:
    """The geometric mean over the workloads, and the worst of them."""
    found = {name: measured(words) for name, words in WORKLOADS.items()}
    ratios = {name: min(seconds.values()) / own for name, (own, seconds) in found.items()}
    best = {name: min(seconds, key=lambda plan: seconds[plan]) for name, (_, seconds) in found.items()}
    note = "; ".join(f"{name} {ratio:.2f} ({best[name]})" for name, ratio in ratios.items())
    shared = {"against": f"the best fixed plan, over {len(ratios)} workloads", "best": "most"}
    mean = statistics.geometric_mean(ratios.values())
    yield Goal(name="the planner's choice, geometric mean", bound=0.95, values=(mean,), note=note, **shared)
    yield Goal(name="the planner's choice, worst", bound=0.90, values=(min(ratios.values()),), **shared)


def measured(words: list[str], *, repetitions: int = REPETITIONS) -> tuple[float, Mapping[str, float]]:
    """Median seconds of the planner's plan, and of each fixed one.

    Raises:
        RuntimeError: a trial did not end well, or two plans end at different losses: there is no ratio.
    """
    exact = _trials([*words, *EXACTLY])
    check({name: _run(*plan, len(exact))[1] for name, plan in _plans(exact).items()}, most=max, tolerance=EXACT)
    trials = _trials(words)
    plans = _plans(trials)
    seconds: dict[str, list[float]] = {name: [] for name in plans}
    for repetition in range(repetitions):
        losses = {}
        for name in [*plans] if repetition % 2 == 0 else [*plans][::-1]:
            took, losses[name] = _run(*plans[name], len(trials))
            seconds[name].append(took)
        check(losses, most=statistics.median, tolerance=ROUNDED)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return medians.pop(OWN), medians


def check(found: Mapping[str, Losses], *, most: Callable[[Iterable[float]], float], tolerance: float) -> None:
    """Holds the losses under each fixed plan against those under the planner's.

    Raises:
        RuntimeError: `most` of the trials' differences, relative to 1 or the loss, is above `tolerance`.
    """
    own = found[OWN]
    for name, losses in found.items():
        off = most([abs(losses[trial] - loss) / max(1.0, abs(loss)) for trial, loss in own.items()])
        if not off <= tolerance:
            raise RuntimeError(f"{name}: losses differ by {off:.2g}, more than {tolerance:g}. There is no ratio.")


def _plans(trials: tuple[Trial, ...]) -> dict[str, tuple[tuple[Bundle, ...], int, int]]:
    """Name → bundles, workers, threads of each."""
    own = schedule(trials, trials, workers=WORKERS, threads=None)
    fixed = {name: (_fixed(trials, width), workers, threads) for name, (workers, threads, width) in FIXED.items()}
    return {OWN: (own.bundles, own.workers, own.threads), **fixed}


def _trials(words: list[str]) -> tuple[Trial, ...]:
    plain = ["plain", "trainer.accelerator=cpu"]
    return study.plan([*plain, "trainer.diagnostics=false", *words], cwd=HERE).trials


def _fixed(trials: tuple[Trial, ...], width: int) -> tuple[Bundle, ...]:
    return tuple(
        Bundle(trials=group.trials[start : start + width], stacked=width > 1)
        for group in bundles(trials)
        for start in range(0, len(group.trials), width)
    )


def _run(made: tuple[Bundle, ...], workers: int, threads: int, trials: int) -> tuple[float, Losses]:
    with tempfile.TemporaryDirectory() as folder:
        jobs = [Job(bundle=b, directory=Path(folder), sources=("",) * len(b.trials), commit=None) for b in made]
        local = engine({"name": "local", "workers": workers, "threads": threads})
        local.call(int)  # torch is there when it answers
        local.close()
        began = time.perf_counter()
        records = [record for done in local.run(jobs) for record in done]
        seconds = time.perf_counter() - began
    losses = {r.id: loss for r in records if r.state == "complete" and (loss := r.responses["test/loss"]) is not None}
    if len(losses) != trials:
        raise RuntimeError(f"{[r.error for r in records if r.id not in losses]}: there is no ratio.")
    return seconds, losses


if __name__ == "__main__":
    from tests.benchmarks._results import report

    report(["planner"])
