"""Does the command line start fast? `ablate --help` and `ablate show` against importing Lightning.

The goal is a tenth. `show` prints a study of 100 trials, which this benchmark makes: real records of drawn numbers.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.benchmarks._goal import Goal
from tests.benchmarks._pair import pair
from tests.benchmarks._synthetic import synthetic

BOUND = 1 / 10
REPETITIONS = 5


def goals() -> Iterator[Goal]:
    """A goal for each command."""
    python = sys.executable
    lightning = [python, "-c", "import pytorch_lightning"]
    with tempfile.TemporaryDirectory() as folder:
        made = synthetic(Path(folder), points=20, replicates=5)
        for name, command in {
            "`ablate --help`": [python, "-m", "ablate", "--help"],
            "`ablate show`, 100 trials": [python, "-m", "ablate", "show", str(made)],
        }.items():
            timed = pair(command, lightning, repetitions=REPETITIONS)
            yield Goal(
                name=name,
                against="importing Lightning",
                bound=BOUND,
                best="least",
                values=timed.ratios,
                note=f"{np.median(timed.ours):.2f} s and {np.median(timed.theirs):.2f} s",
            )


if __name__ == "__main__":
    from tests.benchmarks._results import report

    report(["start_up"])
