"""Does the command line start fast? `ablate --help` and `ablate show` against importing Lightning.

The goal is a tenth. `show` prints a study of 100 trials, which this benchmark makes: real records of drawn numbers.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from rich.table import Table

from ablate import study
from ablate.store import Counts, Frozen, Record, StudyDirectory
from tests.benchmarks._pair import pair

GOAL = 1 / 10
REPETITIONS = 7


def run() -> Table:
    """Times both commands and returns a table with a row for each."""
    python = sys.executable
    lightning = [python, "-c", "import pytorch_lightning"]
    table = Table("command", "seconds", "import Lightning", "ratio (median)", "spread", "goal", "", title="start-up")
    with tempfile.TemporaryDirectory() as folder:
        made = _study(Path(folder))
        for name, command in {
            "ablate --help": [python, "-m", "ablate", "--help"],
            "ablate show, 100 trials": [python, "-m", "ablate", "show", str(made)],
        }.items():
            timed = pair(command, lightning, repetitions=REPETITIONS)
            table.add_row(
                name,
                f"{np.median(timed.ours):.2f}",
                f"{np.median(timed.theirs):.2f}",
                f"{timed.ratio:.3f}",
                f"{min(timed.ratios):.3f} to {max(timed.ratios):.3f}",
                f"≤ {GOAL:.2f}",
                "pass" if timed.ratio <= GOAL else "short",
            )
    return table


def _study(folder: Path) -> Path:
    """A finished study of 20 design points × 5 replicates."""
    planned = study.plan(
        [
            "head",
            f"results_dir={folder}",
            "study.factors=[]",
            "study.claims=[]",
            f"model.width={','.join(str(4 * i) for i in range(1, 21))}",
        ]
    )
    directory = StudyDirectory(planned.directory)
    directory.freeze(Frozen(spec=planned.spec, history=()))
    rng = np.random.default_rng(0)
    for trial in planned.trials:
        record = Record(
            id=trial.id,
            study=trial.study,
            levels=dict(trial.point.levels),
            replicate=trial.replicate,
            state="complete",
            responses={"test/accuracy": rng.normal(0.9, 0.01)},
            counts=Counts(epochs=1, steps=1, test_examples=100, parameters=1000, flops=1000),
            seconds=1.0,
            started="2026-01-01T00:00:00+00:00",
            config=trial.config,
        )
        directory.write_record(record)
    study.save_summary(planned)
    return planned.directory
