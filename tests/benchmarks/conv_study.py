"""A study of small residual conv nets, which train one by one: 16 cells × 5 replicates, against `hydra --multirun`."""

from collections.abc import Iterator

from tests.benchmarks._goal import Goal
from tests.benchmarks._study import CELLS, Size, against_peers
from tests.benchmarks._workload import Workload

SIZE = Size(
    workload=Workload(model="simple_resnet", varied=CELLS, replicates=5),
    repetitions=1,
    bounds={"basic": 2.2, "joblib": 1.3},
)  # minutes a side: one repetition


def goals() -> Iterator[Goal]:
    """Two goals."""
    yield from against_peers("study of conv nets", SIZE)


if __name__ == "__main__":
    from tests.benchmarks._results import report

    report(["conv_study"])
