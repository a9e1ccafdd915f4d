"""How long does a study take? 16 cells × 5 replicates by `ablate run`, cold, against the same by other tools.

Both sides are whole processes with the default number of epochs: start-up, imports, and what ablate does beside (it
measures costs and diagnostics, and writes its summary) are in the time. The cells are four structures, each with two
initialisations and two learning rates.
"""

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tests.benchmarks._goal import Goal
from tests.benchmarks._race import race, ratios
from tests.benchmarks._workload import RAY_TUNE_NEEDS, Losses, Workload, is_installed

CELLS = {
    "model.hidden_activation": ("relu", "tanh"),
    "model.skip_span": ("1", "2"),
    "model.init": ("he", "xavier"),
    "optimizer.lr": ("0.001", "0.002"),
}
EXACT = 1e-9
"""Losses of 16 trials in double precision, 2 epochs, agree to this before anything is timed."""
ROUNDED = 0.05
"""Losses of all trials in single precision agree to this after each repetition: rounding grows over 150 steps."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """A study, how often it is timed, and its goals: peer → how many times faster; None: to compare only."""

    workload: Workload
    repetitions: int
    bounds: Mapping[str, float | None]


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A tool that a person would use instead: as the table calls it, and the package that it needs."""

    called: str
    package: str


PEERS = {
    "basic": Peer(called="`hydra --multirun`, basic", package="hydra-core"),
    "joblib": Peer(called="`hydra --multirun`, joblib, n_jobs=2", package="hydra-joblib-launcher"),
    "ray": Peer(called="Ray Tune, two actors", package=RAY_TUNE_NEEDS),
}


def against_peers(name: str, size: Size) -> Iterator[Goal]:
    """A row for each peer."""
    work = size.workload
    compare(replace(work, replicates=1, epochs=2, precision="64-true"), tolerance=EXACT)
    trains = {"basic": work.multirun, "joblib": work.joblib, "ray": work.ray}
    there = [peer for peer in size.bounds if is_installed(PEERS[peer].package)]
    sides = {"ours": work.ablate, **{peer: trains[peer] for peer in there}}

    def check(found: Mapping[str, Losses]) -> None:
        for peer in found.keys() - {"ours"}:
            work.agree(found["ours"], found[peer], tolerance=ROUNDED)

    seconds = race(sides, repetitions=size.repetitions, check=check)
    spent = ", ".join(f"{side} {statistics.median(values):.0f} s" for side, values in seconds.items())
    for peer, bound in size.bounds.items():
        yield Goal(
            name=f"{name}, 16 cells × 5 replicates",
            against=PEERS[peer].called,
            bound=bound,
            best="most",
            values=ratios(seconds[peer], seconds["ours"]) if peer in there else (),
            note=spent if peer in there else f"{PEERS[peer].package} is not installed",
        )


def compare(work: Workload, *, tolerance: float) -> None:
    """Trains a workload once with ablate and once with Hydra's basic launcher.

    Raises:
        RuntimeError: their losses disagree.
    """

    def check(found: Mapping[str, Losses]) -> None:
        work.agree(found["ours"], found["basic"], tolerance=tolerance)

    race({"ours": work.ablate, "basic": work.multirun}, repetitions=1, check=check)
