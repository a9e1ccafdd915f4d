"""A study of dense nets, which train stacked: 16 cells × 5 replicates, against `hydra --multirun` and Ray Tune."""

from collections.abc import Iterator

from tests.benchmarks._goal import Goal
from tests.benchmarks._study import CELLS, Size, against_peers
from tests.benchmarks._workload import Workload

SIZE = Size(
    workload=Workload(model="mlp", varied=CELLS, replicates=5),
    repetitions=3,
    bounds={"basic": 8, "joblib": 4, "ray": None},
)


def goals() -> Iterator[Goal]:
    """Two goals, and Ray Tune for comparison."""
    yield from against_peers("study of dense nets", SIZE)


if __name__ == "__main__":
    from tests.benchmarks._results import report

    report(["dense_study"])
