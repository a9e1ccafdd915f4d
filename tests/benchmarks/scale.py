"""Do large studies stay quick to handle? `plan` of 1000 cells × 5, `show` of 10,000 trials.

Whole commands, in seconds. Nothing is kept in the user's cache before the first of them, which measures what later ones
find there: the slowest plan is the first.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.benchmarks._goal import Goal
from tests.benchmarks._plain import HERE
from tests.benchmarks._synthetic import synthetic

BOUND_S = 3.0
REPETITIONS = 3
SWEEPS = {
    "model.width": [str(8 * (i + 1)) for i in range(10)],
    "optimizer.lr": [f"{0.001 * (i + 1):.3f}" for i in range(10)],
    "data.batch_size": [str(16 + 8 * i) for i in range(10)],
}


def goals() -> Iterator[Goal]:
    """Two goals."""
    with tempfile.TemporaryDirectory() as folder:
        plan = ["plan", "plain", "model=mlp"]
        plan += [f"results_dir={folder}", *(f"{key}={','.join(values)}" for key, values in SWEEPS.items())]
        made = synthetic(Path(folder), points=100, replicates=100)
        for name, command in {
            "`ablate plan` of 1000 cells × 5": plan,
            "`ablate show` of 10,000 trials": ["show", str(made)],
        }.items():
            words = [sys.executable, "-m", "ablate", *command]
            values = tuple(_seconds(words, cache=Path(folder) / "cache") for _ in range(REPETITIONS))
            yield Goal(name=name, against="–", bound=BOUND_S, best="least", values=values, unit="s")


def _seconds(command: Sequence[str], *, cache: Path) -> float:
    environment = os.environ | {"XDG_CACHE_HOME": str(cache)}
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=HERE)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)[:200]} ended with {done.returncode}: {done.stderr[-500:]}")
    return time.perf_counter() - began


if __name__ == "__main__":
    from tests.benchmarks._results import report

    report(["scale"])
