"""Does a net that fills a core lose anything? ablate's own plan, against one in which nothing is stacked.

The same trials train in this process, on one thread, in the bundles that `schedule` makes, what it takes to make them
included, and as a bundle each. The probe of a network's pace, which is made once on a machine and kept, is apart. The
clock is the processor's, which leaves out what others do meanwhile. Losses of both sides agree after each repetition,
or there is no ratio.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ablate import study
from ablate.execute.bundle import run_bundle
from ablate.execute.planner import schedule
from ablate.execute.train.job import Job
from ablate.plan import Bundle
from ablate.store import StudyDirectory
from ablate.study import Plan
from tests.benchmarks._goal import Goal
from tests.benchmarks._plain import HERE

BOUND = 0.97
WORKERS = 2
REPETITIONS = 3
ROUNDED = 1e-3
"""Losses agree to this, relatively: a stack rounds otherwise than its members, and a hundred steps make more of it."""
WORKLOADS = {
    "dense net of width 1024": ("model=mlp", "model.width=1024", "trainer.max_epochs=8"),
    "residual net of width 32": ("model=simple_resnet", "model.width=32", "trainer.max_epochs=5"),
}


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What a plan came to."""

    seconds: float
    """Of the processor."""
    stacked: int
    """Trials that trained as one with others."""
    losses: dict[str, float]
    """Trial id → loss on the test split."""


def goals() -> Iterator[Goal]:
    """A goal for each network."""
    for name, words in WORKLOADS.items():
        ours, theirs = measured(words, repetitions=REPETITIONS)
        middle = [statistics.median(one.seconds for one in side) for side in (ours, theirs)]
        yield Goal(
            name=f"a net that fills the chip, {name}",
            against="the same trials, none stacked",
            bound=BOUND,
            best="most",
            values=tuple(b.seconds / a.seconds for a, b in zip(ours, theirs, strict=True)),
            note=f"{middle[0]:.1f} s and {middle[1]:.1f} s; {ours[0].stacked} of {len(ours[0].losses)} trials stacked",
        )


def measured(words: tuple[str, ...], *, repetitions: int) -> tuple[list[Trained], list[Trained]]:
    """ablate's plan and the one without stacks, one entry a repetition, after a warm-up: a plan, and one trial.

    Raises:
        RuntimeError: a trial did not end well, or the losses of the two disagree: there is no ratio.
    """
    sides: tuple[list[Trained], list[Trained]] = ([], [])
    with tempfile.TemporaryDirectory() as folder:
        planned = _plan(words, Path(folder))
        _own(planned)
        run_bundle(_jobs(planned, _alone(planned))[0], engine="inline", threads=1)
    for repetition in range(repetitions):
        for side in (0, 1) if repetition % 2 == 0 else (1, 0):
            with tempfile.TemporaryDirectory() as folder:
                sides[side].append(_trained(_plan(words, Path(folder)), own=side == 0))
        check(sides[0][-1].losses, sides[1][-1].losses)
    return sides


def _plan(words: tuple[str, ...], folder: Path) -> Plan:
    small = ("plain", "trainer.accelerator=cpu", f"results_dir={folder}")
    return study.plan([*small, "optimizer.lr=0.001,0.002,0.003", "replicates=1", *words], cwd=HERE)


def _trained(planned: Plan, *, own: bool) -> Trained:
    began = time.process_time()
    bundles = _own(planned) if own else _alone(planned)
    for job in _jobs(planned, bundles):
        run_bundle(job, engine="inline", threads=1)
    seconds = time.process_time() - began
    records = StudyDirectory(planned.directory).contents().records
    if wrong := [record.error for record in records.values() if record.state != "complete"]:
        raise RuntimeError(f"{wrong[0]}: there is no ratio.")
    stacked = sum(len(bundle.trials) for bundle in bundles if bundle.stacked)
    losses = {trial.id: float(records[trial.id].responses["test/loss"] or 0) for trial in planned.trials}
    return Trained(seconds=seconds, stacked=stacked, losses=losses)


def _own(planned: Plan) -> tuple[Bundle, ...]:
    return schedule(planned.trials, planned.trials, workers=WORKERS).bundles


def _alone(planned: Plan) -> tuple[Bundle, ...]:
    return tuple(Bundle(trials=(trial,)) for trial in planned.trials)


def _jobs(planned: Plan, bundles: tuple[Bundle, ...]) -> list[Job]:
    return [Job(bundle=b, directory=planned.directory, sources=("",) * len(b.trials), commit=None) for b in bundles]


def check(ours: dict[str, float], theirs: dict[str, float]) -> None:
    """Raises RuntimeError where the losses of two plans are not the same."""
    for trial_id, loss in theirs.items():
        if not abs(ours[trial_id] - loss) <= ROUNDED * abs(loss):
            raise RuntimeError(f"{trial_id}: losses disagree, {ours[trial_id]} and {loss}: there is no ratio.")


if __name__ == "__main__":
    from tests.benchmarks._results import report

    report(["fills_chip"])
