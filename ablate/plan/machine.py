"""The machines on which trials train, described: what a planner decides by."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """The state of an accelerator when a study is planned."""

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


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Machines on which an engine's workers train, each taken to be like the one that plans."""

    machines: int
    """That have room for a worker; 1 or more."""
    gpus: int = 0
    """Of all machines together, that the engine gives to its workers."""
    host_bytes: int | None = None
    """Main memory that the workers of a machine may take; None: what the machine that plans has free."""

    def of(self, machine: Machine) -> Machine:
        """All machines as one, where `machine` is one of them, with one of the GPUs."""
        host = machine.host_bytes if self.host_bytes is None else self.host_bytes
        return Machine(
            host_bytes=None if host is None else host * self.machines,
            gpus=tuple(replace(machine.gpus[0], index=index) for index in range(self.gpus)),
        )
