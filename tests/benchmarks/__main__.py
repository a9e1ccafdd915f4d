"""`make bench`: every benchmark, and one table of goals. Names of benchmarks: these only, beside what is on disk."""

import sys

from rich.console import Console

from tests.benchmarks import stacked
from tests.benchmarks._results import BENCHMARKS, report

if __name__ == "__main__":
    names = sys.argv[1:] or BENCHMARKS
    if wrong := [name for name in names if name not in (*BENCHMARKS, "stacked")]:
        sys.exit(f"No benchmark {', '.join(wrong)}. Valid: {', '.join((*BENCHMARKS, 'stacked'))}.")
    if not sys.argv[1:] or "stacked" in names:
        Console().print(stacked.run())
    if goals := [name for name in names if name != "stacked"]:
        report(goals)
