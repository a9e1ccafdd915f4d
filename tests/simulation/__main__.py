"""`python -m tests.simulation [TRIALS …]`: writes results/reliability/scale.md."""

import sys

from tests import REPOSITORY
from tests.simulation.report import report
from tests.simulation.simulation import Simulation, simulated

TRIALS = (1_000, 10_000, 100_000)
WORKERS = 1_000


def main(words: list[str]) -> None:
    """One simulation for each number of trials, and the table of all."""
    found: list[Simulation] = []
    for trials in map(int, words) if words else TRIALS:
        found.append(simulated(trials, workers=WORKERS))
        print("\n".join(report(found)), flush=True)
    target = REPOSITORY / "results" / "reliability" / "scale.md"
    target.write_text("\n".join(report(found)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
