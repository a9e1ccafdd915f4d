"""What a task of a job array says of how its job has ended. The records are on disk already.

It is JSON: a driver that reads it executes nothing, whoever has written it.
"""

from typing import Self

import msgspec

from ablate import errors
from ablate.errors import AblateError
from ablate.execute.engines.team import Ended, Trained


class Answer(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """One of `trained`, `error` and `died` is there."""

    trained: Trained | None = None
    error: str | None = None
    """What the job has raised."""
    kind: str | None = None
    """The class of that error, if it is one of ablate's."""
    died: str | None = None
    """Why the worker is gone, in words."""
    is_overdue: bool = False
    took_gb: float | None = None
    is_last: bool = False
    """Whether another attempt of the same would end in the same way."""

    @classmethod
    def of(cls, ended: Ended) -> Self:
        """How a job has ended, on the node."""
        error = ended.error
        return cls(
            trained=ended.trained,
            error=None if error is None else str(error) if isinstance(error, AblateError) else repr(error),
            kind=type(error).__name__ if isinstance(error, AblateError) else None,
            died=ended.died,
            is_overdue=ended.is_overdue,
            took_gb=ended.took_gb,
        )

    @property
    def ended(self) -> Ended:
        """The same for the driver."""
        error = None if self.error is None else _error(self.kind, self.error)
        return Ended(
            trained=self.trained, error=error, died=self.died, is_overdue=self.is_overdue, took_gb=self.took_gb
        )


def _error(kind: str | None, text: str) -> Exception:
    found = getattr(errors, kind or "", None)
    return found(text) if isinstance(found, type) and issubclass(found, AblateError) else RuntimeError(text)
