"""A machine on which trials train, described: what a planner decides by."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """An accelerator, as it is when a study is planned."""

    index: int
    """Its number among those that a process on the machine sees."""
    name: str
    free_bytes: int | None = None
    """Of its memory, that a study may plan with; None: unknown, as of an Apple GPU."""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What a study may use of a machine."""

    host_bytes: int | None = None
    """Of its main memory; None: unknown."""
    gpus: tuple[Gpu, ...] = ()
    unused: int = 0
    """GPUs that it has beside these, and that no trial of the study is given."""
