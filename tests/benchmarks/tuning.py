"""What does tuning cost? A study of dense nets with four learning rates for each arm, against the same without.

Whole processes on two workers, their timings kept on disk before: four arms, the default five replicates and budget.
"""

import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.benchmarks._goal import Goal
from tests.benchmarks._plain import HERE
from tests.benchmarks._race import race, ratios

RATES = "study.tune={optimizer.lr: [0.001, 0.003, 0.01, 0.03]}"
STUDY = (
    *("run", "plain", "model=mlp"),
    *("model.hidden_activation=relu,tanh", "model.skip_span=1,2"),
    *("engine=local", "engine.workers=2", "trainer.accelerator=cpu"),
)
REPETITIONS = 3
ARMS, REPLICATES, TUNING_TRIALS = 4, 5, 4 * (4 + 2) * 2


def goals() -> Iterator[Goal]:
    """One goal."""
    sides = {"untuned": _side(), "tuned": _side(RATES)}

    def check(found: Mapping[str, tuple[int, int]]) -> None:
        wanted = {"untuned": (ARMS * REPLICATES, 0), "tuned": (ARMS * REPLICATES, TUNING_TRIALS)}
        if found != wanted:
            raise RuntimeError(f"Trials and tuning trials are {found}, not {wanted}. There is no ratio.")

    race(sides, repetitions=1, check=check)
    seconds = race(sides, repetitions=REPETITIONS, check=check)
    yield Goal(
        name="tuning four rates, 4 arms × 5 replicates",
        against="the same study without tuning",
        bound=1.6,
        best="least",
        values=ratios(seconds["tuned"], seconds["untuned"]),
        note=", ".join(f"{side} {statistics.median(took):.1f} s" for side, took in seconds.items()),
    )


def _side(*words: str):
    def run(folder: Path) -> tuple[int, int]:
        """The study in a folder; the numbers of its trials and of its tuning trials."""
        asked = [sys.executable, "-m", "ablate", *STUDY, f"results_dir={folder}", *words]
        done = subprocess.run(asked, capture_output=True, text=True, check=False, cwd=HERE)
        if done.returncode:
            raise RuntimeError(f"{' '.join(asked)} ended with {done.returncode}: {done.stderr[-500:]}")
        return len(list(folder.glob("*/trials/*/record.json"))), len(list(folder.glob("*/tuning/trials/*/record.json")))

    return run


if __name__ == "__main__":
    from tests.benchmarks._results import report

    report(["tuning"])
