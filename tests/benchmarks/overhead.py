"""What does a trial cost beside its training? 24 trials of one step: ablate against processes and against --multirun.

Whole processes, cold: nearly all of the time is overhead on every side.
"""

import statistics
from collections.abc import Iterator, Mapping

from tests.benchmarks._goal import Goal
from tests.benchmarks._race import race, ratios
from tests.benchmarks._workload import Losses, Workload

WORK = Workload(
    model="mlp",
    varied={"model.hidden_activation": ("relu", "tanh"), "optimizer.lr": ("0.001", "0.002")},
    replicates=6,
    epochs=1,
    steps=1,
)
AGREE = 1e-5
REPETITIONS = {"processes": 1, "basic": 2}
"""A shell loop takes minutes, and is a mean over 24 starts already."""


def goals() -> Iterator[Goal]:
    """One goal against each."""
    sides = {"processes": WORK.processes, "basic": WORK.multirun}
    seconds: dict[str, dict[str, tuple[float, ...]]] = {}
    for name, peer in sides.items():

        def check(found: Mapping[str, Losses], name: str = name) -> None:
            WORK.agree(found["ours"], found[name], tolerance=AGREE)

        seconds[name] = race({"ours": WORK.ablate, name: peer}, repetitions=REPETITIONS[name], check=check)
    notes = {
        name: ", ".join(f"{side} {statistics.median(v):.1f} s" for side, v in taken.items())
        for name, taken in seconds.items()
    }
    loop, basic = seconds["processes"], seconds["basic"]
    yield Goal(
        name="overhead, 24 one-step trials",
        against="a shell loop of processes",
        bound=20,
        best="most",
        values=ratios(loop["processes"], loop["ours"]),
        note=notes["processes"],
    )
    yield Goal(
        name="overhead, 24 one-step trials",
        against="`hydra --multirun`, basic",
        bound=1.1,
        best="least",
        values=ratios(basic["ours"], basic["basic"]),
        note=notes["basic"],
    )


if __name__ == "__main__":
    from tests.benchmarks._results import report

    report(["overhead"])
