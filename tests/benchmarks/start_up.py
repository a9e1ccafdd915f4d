"""Does the command line start and end fast, and is deferring imports in the fork server worth its code?

`ablate --help` and `ablate show` against importing Lightning: the goal is a tenth. `show` prints a study of 100 trials,
which this benchmark makes: real records of drawn numbers. Against ending by `os._exit`: a tenth more at most.

Deferring: processor time of a process that loads what the fork server loads and examines a small study, with everything
deferred against all but one part, and against nothing. A part that saves less than a twentieth is to go, and the whole,
if it saves less than a quarter.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from ablate.execute.process.deferred_imports import DEFERRED, SWITCH
from tests.benchmarks._goal import Goal
from tests.benchmarks._pair import pair
from tests.benchmarks._synthetic import synthetic

BOUND = 1 / 10
END_BOUND = 1.1
PART_BOUND, WHOLE_BOUND = 0.95, 0.75
REPETITIONS = 5

COMMAND = """
import os, sys
from ablate.cli import entry

def leave():
    sys.stdout.flush()
    os._exit(0)

if sys.argv[1] == "os._exit":
    entry._leave = leave
sys.argv = ["ablate", *sys.argv[2:]]
entry.main()
"""

LOAD = """
import sys
from ablate.execute.process import deferred_imports

deferred_imports.DEFERRED = {k: v for k, v in deferred_imports.DEFERRED.items() if k.partition(".")[0] not in sys.argv
                             and k not in sys.argv}
from ablate.execute.engines.local import preload
from ablate import study

study.examine(study.plan(["smoke", "engine=inline", "data.limit=60", "data.val_size=10", "data.test_size=20"]))
"""

PARTS: Mapping[str, Sequence[str]] = {
    "torch's compiler": ["torch._dynamo"],
    "its settings": ["torch._inductor", "torch._inductor.config"],
    "SciPy's signal processing": ["scipy.signal"],
    "torchvision": ["torchvision"],
}
"""A part → its modules, or the package that they are in."""
assert {m.partition(".")[0] for m in DEFERRED} == {m.partition(".")[0] for p in PARTS.values() for m in p}


def goals() -> Iterator[Goal]:
    """A goal for each command, for how it ends, and for each part of what is deferred."""
    python = sys.executable
    lightning = [python, "-c", "import pytorch_lightning"]
    with tempfile.TemporaryDirectory() as folder:
        made = synthetic(Path(folder), points=20, replicates=5)
        commands = {"`ablate --help`": ["--help"], "`ablate show`, 100 trials": ["show", str(made)]}
        for name, words in commands.items():
            timed = pair([python, "-m", "ablate", *words], lightning, repetitions=REPETITIONS)
            yield Goal(
                name=name,
                against="importing Lightning",
                bound=BOUND,
                best="least",
                values=timed.ratios,
                note=f"{np.median(timed.ours):.2f} s and {np.median(timed.theirs):.2f} s",
            )
        for name, words in commands.items():
            ends = {end: [python, "-c", COMMAND, end, *words] for end in ("as ever", "os._exit")}
            seconds = _processor_seconds(ends, repetitions=3 * REPETITIONS)
            yield _against(f"the end of {name}, processor time", seconds, "as ever", "os._exit", bound=END_BOUND)
    sides = {name: [python, "-c", LOAD, *modules] for name, modules in {"all": [], **PARTS}.items()}
    sides["nothing"] = ["env", f"{SWITCH}=0", *sides["all"]]
    seconds = _processor_seconds(sides, repetitions=REPETITIONS)
    for name in PARTS:
        yield _against("deferred imports, processor time", seconds, "all", name, bound=PART_BOUND, but="all but ")
    yield _against("deferred imports, processor time", seconds, "all", "nothing", bound=WHOLE_BOUND)


def _against(
    name: str, seconds: Mapping[str, Sequence[float]], ours: str, theirs: str, *, bound: float, but: str = ""
) -> Goal:
    return Goal(
        name=name,
        against=f"{but}{theirs}",
        bound=bound,
        best="least",
        values=tuple(a / b for a, b in zip(seconds[ours], seconds[theirs], strict=True)),
        note=f"{statistics.median(seconds[ours]):.2f} s and {statistics.median(seconds[theirs]):.2f} s",
    )


def _processor_seconds(sides: Mapping[str, Sequence[str]], *, repetitions: int) -> dict[str, list[float]]:
    """Of whole processes, interleaved, after one warm-up of each."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for repetition in range(repetitions + 1):
        for name in [*sides] if repetition % 2 == 0 else [*sides][::-1]:
            before = os.times()
            _run(sides[name])
            after = os.times()
            spent = after.children_user + after.children_system - before.children_user - before.children_system
            if repetition:
                seconds[name].append(spent)
    return seconds


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-500:]}")


if __name__ == "__main__":
    from tests.benchmarks._results import report

    report(["start_up"])
