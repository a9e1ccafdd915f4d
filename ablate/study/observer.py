"""The interface through which a run reports its progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ablate.plan import Schedule
    from ablate.store import Record
    from ablate.study.study_plan import Plan


class Observer(Protocol):
    """Its methods are called while a study runs, in the process and thread that called `run`."""

    def on_message(self, message: str) -> None:
        """A message for the user, in whole sentences."""
        ...

    def on_preparation(self, planned: Plan) -> None:
        """Called before networks are built and timed, where trials of the study are to be trained."""
        ...

    def on_start(self, planned: Plan, already: int) -> None:
        """Called before the first training: of the trials, and before them of each rung of tuning trials.

        `already`: how many of them have a result. `planned.is_tuning`: whether they are tuning trials.
        """
        ...

    def on_schedule(self, schedule: Schedule) -> None:
        """Called before each batch of trainings: what trains together, in which order, and the expected time."""
        ...

    def on_trial(self, record: Record) -> None:
        """Called when a trial has ended, in any state."""
        ...

    def on_budget_spent(self, message: str) -> None:
        """Called where `engine.budget_h` ends the study. `message`: what is missing, in whole sentences."""
        ...


class Muted:
    """An observer that ignores everything, as where the user has had the messages already, or wants none."""

    def on_message(self, message: str) -> None:
        """Does nothing."""

    def on_preparation(self, planned: Plan) -> None:
        """Does nothing."""

    def on_start(self, planned: Plan, already: int) -> None:
        """Does nothing."""

    def on_schedule(self, schedule: Schedule) -> None:
        """Does nothing."""

    def on_trial(self, record: Record) -> None:
        """Does nothing."""

    def on_budget_spent(self, message: str) -> None:
        """Does nothing."""
