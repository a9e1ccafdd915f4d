"""The file in which a task of a job array reports how its job has ended. The records are on disk before it.

It is JSON: reading it executes nothing, whoever has written it.
"""

from typing import Self

import msgspec

from ablate import errors
from ablate.errors import AblateError
from ablate.execute.engines.job_outcome import JobOutcome, Trained


class Reply(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Exactly one of `trained`, `error` and `died` is set."""

    trained: Trained | None = None
    error: str | None = None
    """The message of the error that the job has raised."""
    kind: str | None = None
    """The class of that error, if it is an AblateError."""
    died: str | None = None
    """Why the worker was lost, in words."""
    is_overdue: bool = False
    """Whether the worker was ended because its job had run out of time (`trainer.timeout_min`)."""
    took_gb: float | None = None
    """The memory that the job took, if the worker was ended because that was too much (`trainer.memory_gb`)."""
    is_final: bool = False
    """Whether another attempt would end in the same way."""

    @classmethod
    def of(cls, outcome: JobOutcome) -> Self:
        """The reply that reports an outcome."""
        error = outcome.error
        return cls(
            trained=outcome.trained,
            error=None if error is None else str(error) if isinstance(error, AblateError) else repr(error),
            kind=type(error).__name__ if isinstance(error, AblateError) else None,
            died=outcome.died,
            is_overdue=outcome.is_overdue,
            took_gb=outcome.took_gb,
        )

    @property
    def outcome(self) -> JobOutcome:
        """The outcome that it reports."""
        error = None if self.error is None else _error(self.kind, self.error)
        return JobOutcome(
            trained=self.trained, error=error, died=self.died, is_overdue=self.is_overdue, took_gb=self.took_gb
        )


def _error(kind: str | None, text: str) -> Exception:
    found = getattr(errors, kind or "", None)
    return found(text) if isinstance(found, type) and issubclass(found, AblateError) else RuntimeError(text)
