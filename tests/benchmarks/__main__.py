"""`make bench`: every benchmark, its table printed."""

from rich.console import Console

from tests.benchmarks import stacked, start_up

BENCHMARKS = (start_up, stacked)

if __name__ == "__main__":
    console = Console()
    for benchmark in BENCHMARKS:
        console.print(benchmark.run())
