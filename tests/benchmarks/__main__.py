"""`make bench`: every benchmark, its table printed."""

from rich.console import Console

from tests.benchmarks import diagnostics, stacked, start_up

BENCHMARKS = (start_up, diagnostics, stacked)

if __name__ == "__main__":
    console = Console()
    for benchmark in BENCHMARKS:
        console.print(benchmark.run())
