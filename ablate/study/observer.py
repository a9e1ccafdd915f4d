"""Who is told how a run goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ablate.store import Record
    from ablate.study.planned import Plan


class Observer(Protocol):
    """Who is told how a run goes."""

    def told(self, message: str) -> None:
        """Something that the user must know before or while it goes on."""
        ...

    def started(self, planned: Plan, already: int) -> None:
        """What is going to be there, and how many of its trials are there already."""
        ...

    def scheduled(self, seconds: float | None) -> None:
        """Trials are about to start, and will take so long together; None: nobody knows."""
        ...

    def finished(self, record: Record) -> None:
        """One more trial has ended, in whatever state."""
        ...
