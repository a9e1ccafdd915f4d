"""What do diagnostics cost? A trial with them against the same trial without, whole, at the default cadence.

The goal is 5% of the trial's time. Both sides train in this process, interleaved, on one thread. The clock is the
processor's, which leaves out what others do on it meanwhile: a few per cent of a third of a second are to be seen. No
ratio is printed where the two do not end at the same numbers.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from ablate import study
from ablate.execute.bundle import run_bundle
from ablate.execute.train.job import Job
from ablate.plan import Bundle
from ablate.store import StudyDirectory
from tests.benchmarks._goal import Goal
from tests.benchmarks._plain import HERE

BOUND = 1.05
REPETITIONS = 21
NETWORKS = {"dense net": ("plain", "model=mlp"), "residual net": ("plain",)}


def goals() -> Iterator[Goal]:
    """A goal for each network, on the digits with its study's settings."""
    for name, words in NETWORKS.items():
        with tempfile.TemporaryDirectory() as folder:
            ours, theirs = _timed(words, Path(folder))
        yield Goal(
            name=f"a trial with diagnostics, {name}",
            against="the same without",
            bound=BOUND,
            best="least",
            values=tuple(a / b for a, b in zip(ours, theirs, strict=True)),
            note=f"{statistics.median(ours):.2f} s and {statistics.median(theirs):.2f} s",
        )


def _timed(words: tuple[str, ...], folder: Path) -> tuple[list[float], list[float]]:
    """CPU seconds with diagnostics and without, one entry a repetition, after one warm-up of each.

    Raises:
        RuntimeError: the two did not train the same network, or were not what they should be.
    """
    jobs = tuple(_job((*words, f"trainer.diagnostics={chosen}"), folder / chosen) for chosen in ("true", "false"))
    times: dict[int, list[float]] = {0: [], 1: []}
    for repetition in range(-1, REPETITIONS):
        for side in (0, 1) if repetition % 2 == 0 else (1, 0):
            began = time.process_time()
            run_bundle(jobs[side], engine="inline", threads=1)
            if repetition >= 0:
                times[side].append(time.process_time() - began)
        ours, theirs = (StudyDirectory(job.directory).record(job.bundle.trials[0].id) for job in jobs)
        if ours.responses != theirs.responses or ours.state != "complete":
            raise RuntimeError(f"{' '.join(words)}: with diagnostics {ours.responses}, without {theirs.responses}")
        if not ours.diagnostics or theirs.diagnostics:
            raise RuntimeError(f"{' '.join(words)}: diagnostics are not where they should be: {ours.unmeasured}")
    return times[0], times[1]


def _job(words: tuple[str, ...], folder: Path) -> Job:
    planned = study.plan(
        [*words, f"results_dir={folder}", "trainer.accelerator=cpu", "optimizer.lr=0.001,0.002"], cwd=HERE
    )
    return Job(bundle=Bundle(trials=planned.trials[:1]), directory=planned.directory, sources=("",), commit=None)


if __name__ == "__main__":
    from tests.benchmarks._results import report

    report(["diagnostics"])
