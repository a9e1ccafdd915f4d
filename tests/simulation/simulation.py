"""One simulated study: what its driver needs, and what the file system sees of it."""

import io
import json
import os
import subprocess
import sys
import tempfile
from contextlib import redirect_stderr
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest.mock import patch

from ablate import study
from ablate.execute.engines import ENGINES
from ablate.python.display import Display
from tests.benchmarks._plain import HERE
from tests.benchmarks.driver import peak_bytes
from tests.simulation.engine import COUNTED, Simulated
from tests.simulation.operations import Operations

POINTS = 10


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """What was found of a study of so many trials on so many workers."""

    trials: int
    workers: int
    peak_bytes: int
    """Of the driver's process, at most; all workers are in it, too, and take next to nothing."""
    makespan_s: float
    """Simulated, from the first start to the last end."""
    ideal_s: float
    """If no worker ever waited."""
    driver_s: float
    """Of the makespan: what the driver was busy for."""
    files: int
    study_entries: int
    """In the study's own folder."""
    folder_entries: int
    """In `trials/`."""
    trial_entries: int
    """In the fullest folder of a trial."""
    operations: dict[str, dict[str, int]]
    """Who → operation → how often; of workers, for the first `COUNTED` trials."""

    def per_trial(self, who: str) -> float:
        """Operations for each trial."""
        return sum(self.each(who).values())

    def each(self, who: str) -> dict[str, float]:
        """Operation → how often, for each trial."""
        trials = min(self.trials, COUNTED) if who == "worker" else self.trials
        return {operation: count / trials for operation, count in self.operations[who].items()}

    @property
    def per_second(self) -> float:
        """Operations that the shared file system sees in a second of the makespan."""
        return sum(map(self.per_trial, self.operations)) * self.trials / self.makespan_s


def simulated(trials: int, *, workers: int) -> Simulation:
    """Runs a study in a process of its own.

    Raises:
        RuntimeError: it fails, or not every trial is in the summary.
    """
    command = [sys.executable, "-m", "tests.simulation.simulation", str(trials), str(workers)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-2000:]}")
    return Simulation(**json.loads(done.stdout))


def run(trials: int, folder: Path, *, workers: int) -> Simulation:
    """Runs a study in this process.

    Raises:
        RuntimeError: not every trial is in the summary.
    """
    rates = ",".join(f"{0.001 * (k + 1):.3f}" for k in range(POINTS))
    words = ["plain", "study.design=one_at_a_time", "model=mlp", "trainer.accelerator=cpu", "logger=csv"]
    words += [f"results_dir={folder}", f"optimizer.lr={rates}", f"replicates={trials // POINTS}"]
    words += ["engine=local", f"engine.workers={workers}", "engine.threads=1"]
    operations = Simulated.operations = Operations(folder)
    with (
        patch.dict(ENGINES, local=f"{Simulated.__module__}:Simulated"),
        redirect_stderr(io.StringIO()),
        Display() as watch,
        operations.counted(),
    ):
        summary, place = study.run(words, observer=watch, cwd=HERE)
    if summary.complete != trials:
        raise RuntimeError(f"{summary.complete} of {trials} trials are in the summary.")
    most_bytes = peak_bytes()
    counted: dict[str, dict[str, int]] = {"driver": {}, "worker": {}}
    for (who, operation), count in sorted(operations.counts.items()):
        if who in counted:
            counted[who][operation] = count
    entries = {path: len(folders) + len(files) for path, folders, files in os.walk(place)}
    return Simulation(
        trials=trials,
        workers=workers,
        peak_bytes=most_bytes,
        makespan_s=Simulated.clock.seconds,
        ideal_s=Simulated.busy_seconds / workers,
        driver_s=Simulated.clock.driver_seconds,
        files=sum(entries.values()) - len(entries) + 1,
        study_entries=entries[str(place)],
        folder_entries=entries[str(place / "trials")],
        trial_entries=max(n for path, n in entries.items() if Path(path).parent == place / "trials"),
        operations=counted,
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        print(json.dumps(asdict(run(int(sys.argv[1]), Path(place), workers=int(sys.argv[2])))))
