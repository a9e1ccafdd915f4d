"""What the driver of a study learns of a job that has ended in a worker."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Trained:
    """The message of a process that has trained a job. The records are on disk.

    The message is small: if the process dies while it sends it, the message arrives whole or not at all.
    """

    device_error: str | None = None
    """Why the process can use its device no longer; None: it can."""
    remaining: tuple[int, ...] = ()
    """Indices of the job's trials that are to be trained again: out of memory, or cut off by the `device_error`."""
    was_halved: bool = False
    """Whether a stack ran out of memory and was halved."""


@dataclass(frozen=True, kw_only=True)
class JobOutcome:
    """How a job has ended. Exactly one of `trained`, `error` and `died` is set."""

    trained: Trained | None = None
    error: BaseException | None = None
    """What the process raised instead of a `Trained`."""
    died: str | None = None
    """Why the worker was lost, in words."""
    is_overdue: bool = False
    """Whether the worker was ended because its job had run out of time."""
    took_gb: float | None = None
    """The memory that it took, where the worker was ended because that was too much."""
    has_begun: bool = True
    """Whether the worker had begun to train the job."""
