"""What does `make run` cost beyond its trainings? `ablate run core`, tuning included, against the same as bare loops.

Both sides are whole processes on all cores. The bare loops take the list of trainings that `ablate` came to: every
tuning trial and every trial, with the configuration of its record. They have neither diagnostics nor records.
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ablate.execute.process.hardware import cores
from tests.benchmarks._goal import Goal
from tests.benchmarks._race import race, ratios
from tests.benchmarks._workload import PEERS

REPETITIONS = 2
"""Of some seven minutes each."""
BOUND = 1.2
EXACT = 1e-9
"""In double precision losses of small versions of both sides agree to this before anything is timed."""
SMALL = (
    *("trainer.precision=64-true", "trainer.max_epochs=2", "replicates=1", "data.test_size=200", "study.claims=[]"),
    *("study.factors=[{head: [fc, gap]}, {hidden_activation: [relu, softmax]}, {init: [he, normal_001]}]",),
    "study.tune={optimizer.lr: [0.01, 0.03]}",
)
ROUNDED = 0.01
"""In single precision the median training's losses agree to this: rounding grows, in some trainings without bound."""

Trainings = dict[str, dict[str, Any]]
"""Id → a training with its configuration, seed, replicate and responses."""
Losses = dict[str, Mapping[str, float]]
"""Id → responses."""


def goals() -> Iterator[Goal]:
    """One goal. The first `ablate run`, which is not timed, gives the list, and fills caches."""
    check(SMALL)
    sides = Sides(())
    race({"ours": sides.ours}, repetitions=1, check=lambda found: None)
    seconds = race({"ours": sides.ours, "bare": sides.bare}, repetitions=REPETITIONS, check=sides.agree_rounded)
    tuning = sum(not training["is_tested"] for training in sides.trainings.values())
    yield Goal(
        name=f"`make run`: {len(sides.trainings) - tuning} trials, {tuning} tuning trials",
        against=f"the same trainings as bare loops, {cores()} processes",
        bound=BOUND,
        best="least",
        values=ratios(seconds["ours"], seconds["bare"]),
        note=", ".join(f"{side} {statistics.median(took):.0f} s" for side, took in seconds.items()),
    )


def check(words: Sequence[str]) -> None:
    """Trains a small version of both sides once.

    Raises:
        RuntimeError: their losses disagree.
    """
    sides = Sides(words)
    race({"ours": sides.ours, "bare": sides.bare}, repetitions=1, check=sides.agree_exactly)


class Sides:
    """Both sides; the bare one trains what the other came to last."""

    def __init__(self, words: Sequence[str]) -> None:
        """`words`: overrides of `core`."""
        self.words = words
        self.trainings: Trainings = {}

    def ours(self, folder: Path) -> Losses:
        """`ablate run core`, from nothing."""
        _call(
            [
                *(sys.executable, "-m", "ablate", "run", "core", "trainer.accelerator=cpu"),
                *self.words,
                f"results_dir={folder}",
            ]
        )
        self.trainings = {record["id"]: _training(record) for record in _records(folder)}
        return {name: training["responses"] for name, training in self.trainings.items()}

    def bare(self, folder: Path) -> Losses:
        """The trainings of `ours` as bare loops, the longest first."""
        listed = sorted(self.trainings.values(), key=lambda training: -training["config"]["trainer"]["max_epochs"])
        (folder / "list.json").write_text(json.dumps(listed), encoding="utf-8")
        where = str(folder / "list.json"), str(cores()), str(folder / "results.json")
        _call([sys.executable, str(PEERS / "bare.py"), *where])
        return json.loads((folder / "results.json").read_text(encoding="utf-8"))

    def agree_exactly(self, found: Mapping[str, Losses]) -> None:
        """Raises RuntimeError where any training's losses differ by more than rounding in double precision."""
        worst = max(_differences(found["ours"], found["bare"]).values())
        if not worst <= EXACT:
            raise RuntimeError(f"Losses differ by up to {worst:.2g}, more than {EXACT:g}. There is no ratio.")

    def agree_rounded(self, found: Mapping[str, Losses]) -> None:
        """Raises RuntimeError where other trainings were made, or the median training's losses differ."""
        middle = statistics.median(_differences(found["ours"], found["bare"]).values())
        if not middle <= ROUNDED:
            raise RuntimeError(f"Half of the losses differ by {middle:.2g} or more. There is no ratio.")


def _differences(ours: Losses, theirs: Losses) -> dict[str, float]:
    """Of each training the largest difference of a loss, relative to the loss or to 1, whichever is more.

    Raises:
        RuntimeError: they are not of the same trainings.
    """
    if not ours or set(ours) != set(theirs):
        both = len(set(ours) & set(theirs))
        raise RuntimeError(f"{len(ours)} and {len(theirs)} trainings, of which {both} are the same. There is no ratio.")
    return {
        name: max(abs(mine[key] - theirs[name][key]) / max(abs(mine[key]), 1) for key in mine if key.endswith("/loss"))
        for name, mine in ours.items()
    }


def _records(folder: Path) -> Iterator[dict[str, Any]]:
    for path in folder.glob("*/**/trials/*/record.json"):
        yield json.loads(path.read_text(encoding="utf-8"))


def _training(record: Mapping[str, Any]) -> dict[str, Any]:
    """What the bare loop needs of a record, and what it is compared with."""
    kept = {name: record[name] for name in ("id", "config", "replicate", "responses")}
    return {**kept, "seed": record["config"]["seed"], "is_tested": "test/loss" in record["responses"]}


def _call(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-1500:]}")


if __name__ == "__main__":
    from tests.benchmarks._results import report

    report(["run_core"])
