"""What hears of a run's progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ablate.store import Record
    from ablate.study.planned import Plan


class Observer(Protocol):
    """Is called while a study runs."""

    def on_message(self, message: str) -> None:
        """There is something that the user must know."""
        ...

    def on_start(self, planned: Plan, already: int) -> None:
        """The study is frozen; `already` of its trials have a result."""
        ...

    def on_schedule(self, seconds: float | None) -> None:
        """Trials are about to start, and will take so long together; None: it is unknown."""
        ...

    def on_trial(self, record: Record) -> None:
        """One more trial has ended, in whatever state."""
        ...
