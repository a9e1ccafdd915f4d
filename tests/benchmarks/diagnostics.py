"""What do diagnostics cost? A trial with them against the same trial without, whole, at the default cadence.

The goal is 5% of the trial's time. Both sides train in this process, interleaved; no ratio is printed where they do not
end at the same numbers.
"""

import statistics
import tempfile
import time
from pathlib import Path

from rich.table import Table

from ablate import study
from ablate.execute.bundle import run_bundle
from ablate.execute.job import Job
from ablate.plan import Bundle
from ablate.store import StudyDirectory

GOAL = 1.05
REPETITIONS = 7
NETWORKS = {"dense net": ("head", "model=mlp"), "residual net": ("skip_span",)}


def run() -> Table:
    """Times both networks on the digits, with their studies' settings, and returns a table with a row for each."""
    table = Table("trial", "seconds", "without", "ratio (median)", "spread", "goal", "", title="diagnostics")
    for name, words in NETWORKS.items():
        with tempfile.TemporaryDirectory() as folder:
            ours, theirs = _timed(words, Path(folder))
        ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
        ratio = statistics.median(ratios)
        table.add_row(
            name,
            f"{statistics.median(ours):.2f}",
            f"{statistics.median(theirs):.2f}",
            f"{ratio:.3f}",
            f"{min(ratios):.3f} to {max(ratios):.3f}",
            f"≤ {GOAL:.2f}",
            "pass" if ratio <= GOAL else "short",
        )
    return table


def _timed(words: tuple[str, ...], folder: Path) -> tuple[list[float], list[float]]:
    """Seconds with diagnostics and without, one entry a repetition, after one warm-up of each.

    Raises:
        RuntimeError: the two did not train the same network, or were not what they should be.
    """
    jobs = tuple(_job((*words, f"trainer.diagnostics={chosen}"), folder / chosen) for chosen in ("true", "false"))
    times: dict[int, list[float]] = {0: [], 1: []}
    for repetition in range(-1, REPETITIONS):
        for side in (0, 1) if repetition % 2 == 0 else (1, 0):
            began = time.perf_counter()
            run_bundle(jobs[side], engine="inline", threads=1)
            if repetition >= 0:
                times[side].append(time.perf_counter() - began)
        ours, theirs = (StudyDirectory(job.directory).record(job.bundle.trials[0].id) for job in jobs)
        if ours.responses != theirs.responses or ours.state != "complete":
            raise RuntimeError(f"{' '.join(words)}: with diagnostics {ours.responses}, without {theirs.responses}")
        if not ours.diagnostics or theirs.diagnostics:
            raise RuntimeError(f"{' '.join(words)}: diagnostics are not where they should be: {ours.unmeasured}")
    return times[0], times[1]


def _job(words: tuple[str, ...], folder: Path) -> Job:
    planned = study.plan([*words, f"results_dir={folder}", "trainer.accelerator=cpu"])
    return Job(bundle=Bundle(trials=planned.trials[:1]), directory=planned.directory, sources=("",), commit=None)
