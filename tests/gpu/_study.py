"""Runs a study in a folder that is removed afterwards."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ablate import study
from ablate.plan import Schedule, Trial
from ablate.store import Record

HERE = Path(__file__).parent
"""Has a conf/ with this folder's own models."""


@dataclass
class Listener:
    """Keeps what a run reports."""

    messages: list[str] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    planned_s: float | None = None

    def on_message(self, message: str) -> None:
        """Keeps it."""
        self.messages.append(message)

    def on_preparation(self, planned: study.Plan) -> None:
        """Nothing is kept."""

    def on_start(self, planned: study.Plan, already: int) -> None:
        """Nothing is kept."""

    def on_schedule(self, schedule: Schedule) -> None:
        """Keeps it."""
        self.planned_s = schedule.seconds

    def on_budget_spent(self, message: str) -> None:
        """Keeps it."""
        self.messages.append(message)

    def on_trial(self, record: Record) -> None:
        """Keeps it."""
        self.records.append(record)


ACCELERATOR = {"cuda": "gpu", "cpu": "cpu"}
"""Device of the stages → `trainer.accelerator`."""


def run(words: Sequence[str], accelerator: str) -> Listener:
    """Runs a study; returns what it reported."""
    heard = Listener()
    with tempfile.TemporaryDirectory() as folder:
        study.run([*words, f"results_dir={folder}", f"trainer.accelerator={accelerator}"], observer=heard, cwd=HERE)
    return heard


def trials(words: Sequence[str], count: int) -> tuple[Trial, ...]:
    """So many trials of one network on the digits, which may be stacked: two learning rates, and replicates."""
    given = ["plain", "study.design=one_at_a_time", *words]
    varied = ["optimizer.lr=0.001,0.002", f"replicates={-(-count // 2)}"]
    return study.plan([*given, *varied], cwd=HERE).trials[:count]
