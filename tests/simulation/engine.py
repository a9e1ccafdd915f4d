"""An engine whose workers write a record for every trial after a simulated time, and train nothing."""

import random
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, ClassVar
from unittest.mock import patch

from ablate.execute.engines import team
from ablate.execute.engines.job_outcome import JobOutcome, Trained
from ablate.execute.engines.local.engine import Local, LocalSettings
from ablate.execute.train.job import Job
from ablate.execute.train.record import Outcome, record
from ablate.plan import Trial
from ablate.plan.machine import Cluster
from ablate.store import Counts, Record, StudyDirectory
from ablate.store.directory import CURVE, DIAGNOSTICS, digest_of
from ablate.store.encoding import encode
from tests.simulation.clock import Clock
from tests.simulation.operations import Operations

TRAINING_S = (30.0, 90.0)
"""Between which the time of a training is drawn: one of a small network on a GPU."""

COUNTED = 1_000
"""Trials whose files are written as after a training. Those of the others have the same content, and are not synced."""

EPOCHS = 20
MEASURED = ("dead_units", "gradient_norm", "weight_norm", "signal", "update")
RESPONSES = tuple(f"{split}/{what}" for split in ("train", "val", "test") for what in ("loss", "accuracy"))


def training_seconds(trial: Trial) -> float:
    """What a trial takes, by its id alone."""
    return random.Random(trial.id).uniform(*TRAINING_S)


class Simulated(Local):
    """All that is asked of a process with torch is asked as ever; only `run` is simulated."""

    name = "simulated"
    clock: ClassVar[Clock]
    operations: ClassVar[Operations]
    busy_seconds: ClassVar[float]
    """Of all workers together."""
    written: ClassVar[int]
    """Trials whose files are there."""

    def __init__(self, settings: LocalSettings) -> None:
        super().__init__(settings)
        Simulated.busy_seconds, Simulated.written = 0.0, 0

    def run(self, jobs: Sequence[Job], **planned: Any) -> Iterator[tuple[Record, ...]]:
        """Runs the jobs as every engine with a team does."""
        Simulated.clock = Clock()
        with patch.object(team, "SimpleQueue", lambda: self.clock):
            yield from super().run(jobs, **planned)

    @property
    def cluster(self) -> Cluster:
        """As of a cluster that gives each worker memory of its own."""
        return Cluster(machines=self.workers)

    def _team(self, jobs: Sequence[Job], *, workers: int | None, **_: Any) -> list[Any]:
        self.close()
        return [Worker(self) for _ in range(min(self.workers, workers or self.workers, len(jobs)))]


class Worker:
    """A worker without a process."""

    gpu = seconds_left = None

    def __init__(self, engine: Simulated) -> None:
        self._engine = engine
        self.job: Job | None = None
        self.future: Future[Any] = Future()

    def is_ready(self) -> bool:
        return True

    def train(self, job: Job) -> None:
        self.job, self.future = job, Future()
        seconds = sum(map(training_seconds, job.bundle.trials))
        Simulated.busy_seconds += seconds
        self._engine.clock.begin(seconds, self.future, self._finish)

    def _finish(self) -> None:
        assert self.job is not None
        for trial, source in zip(self.job.bundle.trials, self.job.sources, strict=True):
            is_counted = Simulated.written < COUNTED
            with self._engine.operations.of("worker" if is_counted else "nobody"):
                _write(trial, self.job, source, is_counted=is_counted)
            Simulated.written += 1
        self.future.set_result(None)

    def retry(self) -> bool:
        return False

    def end_overdue(self) -> None:
        """No job has a limit."""

    def outcome(self) -> JobOutcome:
        return JobOutcome(trained=Trained())

    def terminate(self) -> None:
        """There is nothing to end."""

    def stop(self) -> None:
        """There is nothing to wait for."""


def _write(trial: Trial, job: Job, source: str, *, is_counted: bool) -> None:
    """What a training writes: a record, a curve and diagnostics."""
    drawn = random.Random(trial.id)
    outcome = Outcome(
        responses={name: drawn.random() for name in RESPONSES},
        error=None,
        counts=Counts(epochs=EPOCHS, steps=300, train_examples=1000, test_examples=500, parameters=1000, flops=1000),
        seconds=training_seconds(trial),
        started="2026-01-01T00:00:00+00:00",
        device="none",
        diagnostics={name: {m: drawn.random() for m in ("start", "middle", "end")} for name in MEASURED},
    )
    made = record(trial, outcome, engine="simulated", threads=1, source=source, commit=job.commit, stated=job.stated)
    rows = "".join(f"{epoch},{','.join(f'{drawn.random():.6g}' for _ in RESPONSES)}\n" for epoch in range(EPOCHS))
    beside = {CURVE: f"epoch,{','.join(RESPONSES)}\n{rows}", DIAGNOSTICS: f"epoch,{','.join(MEASURED)}\n"}
    directory = StudyDirectory(job.directory)
    if is_counted:
        directory.write_record(made, curve=beside[CURVE], diagnostics=beside[DIAGNOSTICS])
        return
    folder = directory.trial(trial.id)
    folder.mkdir(parents=True)
    for name, text in beside.items():
        (folder / name).write_text(text)
    digests = {name: digest_of(text.encode()) for name, text in beside.items()}
    directory.record_path(trial.id).write_bytes(encode(replace(made, files=digests)))
