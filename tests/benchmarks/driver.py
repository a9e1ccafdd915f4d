"""What does the driver itself cost a trial, and does its memory stay flat? A whole run that trains nothing.

Planning, examining, scheduling, reading records, progress and the summary are the driver's, as in `ablate run` on the
local engine, and so is its wait for torch's and Lightning's import elsewhere. Writing a record is a worker's: the
engine does it, and the time for it is left out.
Every run has a process of its own, whose peak of resident memory is kept. There are 10 design points, and as many
replicates as make the trials.
"""

import io
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest.mock import patch

from ablate import study
from ablate.execute.engines import ENGINES
from ablate.execute.engines.local.engine import Local
from ablate.execute.train.job import Job
from ablate.execute.train.outcome import Outcome
from ablate.execute.train.record import record
from ablate.plan import Trial
from ablate.python.display import Display
from ablate.store import Counts, Record, StudyDirectory
from ablate.store.encoding import encode
from tests.benchmarks._goal import Goal
from tests.benchmarks._plain import HERE

TRIALS = (100, 1000, 10_000)
POINTS = 10
BOUND_MS = 10.0
FLAT = 1.10
"""Of 10,000 trials over 1000: what is left for rows that a summary cannot do without."""
REPETITIONS = 2


def goals() -> Iterator[Goal]:
    """The driver's time a trial for each number of trials, and its memory."""
    found: dict[int, list[Taken]] = {trials: [] for trials in TRIALS}
    for repetition in range(REPETITIONS):
        for trials in TRIALS if repetition % 2 == 0 else TRIALS[::-1]:
            found[trials].append(measured(trials))
    few, some, many = TRIALS
    for trials, taken in found.items():
        yield Goal(
            name=f"the driver's own time, of each of {trials:,} trials",
            against="–",
            bound=None if trials == few else BOUND_MS,
            best="least",
            values=tuple(1e3 * one.seconds / trials for one in taken),
            unit=" ms",
            note=f"{statistics.median(one.seconds for one in taken):.1f} s: with imports and examinations of networks",
        )
    pairs = [*zip(found[many], found[some], strict=True)]
    each = statistics.median((a.peak_bytes - b.peak_bytes) / (many - some) for a, b in pairs)
    yield Goal(
        name=f"the driver's peak memory, {many:,} trials",
        against=f"{some:,} trials",
        bound=FLAT,
        best="least",
        values=tuple(a.peak_bytes / b.peak_bytes for a, b in pairs),
        note=f"{statistics.median(a.peak_bytes for a, _ in pairs) / 1e6:.0f} MB; {each / 1e3:.1f} kB more a trial",
    )


@dataclass(frozen=True, kw_only=True)
class Taken:
    """Wall seconds of a run but for its engine's, and the most memory that its process had."""

    seconds: float
    peak_bytes: int


def measured(trials: int) -> Taken:
    """Runs a study of so many trials in a process of its own.

    Raises:
        RuntimeError: it fails, or not every trial is in the summary: there is nothing to time.
    """
    command = [sys.executable, "-m", "tests.benchmarks.driver", str(trials)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-500:]}")
    return Taken(**json.loads(done.stdout))


def run(trials: int, folder: Path) -> Taken:
    """Runs a study of so many trials in this process.

    Raises:
        RuntimeError: not every trial is in the summary.
    """
    rates = ",".join(f"{0.001 * (k + 1):.3f}" for k in range(POINTS))
    words = ["plain", "study.design=one_at_a_time", "model=mlp", "trainer.accelerator=cpu"]
    words += ["engine=local", f"results_dir={folder}", f"optimizer.lr={rates}", f"replicates={trials // POINTS}"]
    Nothing.seconds = 0.0
    began = time.perf_counter()
    with patch.dict(ENGINES, local=f"{__name__}:Nothing"), redirect_stderr(io.StringIO()), Display() as watch:
        summary, _ = study.run(words, observer=watch, cwd=HERE)
    seconds = time.perf_counter() - began - Nothing.seconds
    if summary.complete != trials:
        raise RuntimeError(f"{summary.complete} of {trials} trials are in the summary.")
    return Taken(seconds=seconds, peak_bytes=peak_bytes())


def peak_bytes(status: Path = Path("/proc/self/status")) -> int:
    """Bytes of resident memory that this process had at most.

    Linux says it of the process since it has become this program; getrusage, of the one that it was forked from, too.
    """
    if status.is_file():
        return next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


class Nothing(Local):
    """Writes a record for every trial, and trains none. What is asked before any training is asked as ever."""

    name = "nothing"
    seconds = 0.0
    """Spent on writing."""

    def run(
        self,
        jobs: Sequence[Job],
        *,
        workers: int | None = None,
        threads: int | None = None,
        places: Sequence[int] = (),
    ) -> Iterator[tuple[Record, ...]]:
        """Yields what is on disk then, as engines do whose workers are other processes."""
        for job in jobs:
            began = time.perf_counter()
            for trial, source in zip(job.bundle.trials, job.sources, strict=True):
                _write(trial, job, source)
            Nothing.seconds += time.perf_counter() - began
            directory = StudyDirectory(job.directory)
            yield tuple(directory.record(trial.id) for trial in job.bundle.trials)


def _write(trial: Trial, job: Job, source: str) -> None:
    """A record as large as that of a trial that was trained; not synced, since 10,000 times that takes long."""
    value = (trial.streams.order % 1000) / 1000
    names = ("dead_units", "gradient_norm", "weight_norm", "signal", "update")
    outcome = Outcome(
        responses={f"{split}/{what}": value for split in ("train", "val", "test") for what in ("loss", "accuracy")},
        error=None,
        counts=Counts(epochs=10, steps=150, train_examples=1000, test_examples=500, parameters=1000, flops=1000),
        seconds=1.0,
        started="2026-01-01T00:00:00+00:00",
        device="none",
        diagnostics={name: dict.fromkeys(("start", "middle", "end"), value) for name in names},
    )
    made = record(trial, outcome, engine="nothing", threads=1, source=source, commit=job.commit)
    path = StudyDirectory(job.directory).trial(trial.id) / "record.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(encode(made))


if __name__ == "__main__":
    if sys.argv[1:]:
        with tempfile.TemporaryDirectory() as place:
            print(json.dumps(asdict(run(int(sys.argv[1]), Path(place)))))
    else:
        from tests.benchmarks._results import report

        report(["driver"])
