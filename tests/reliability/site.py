"""Where the studies of a campaign train, and what may happen to their processes there."""

import random
import signal
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import psutil

from tests.reliability.command import Command


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault. `do` makes it happen, and raises psutil.Error if its victim has ended by itself."""

    victim: str
    action: str
    do: Callable[[], None]
    resume: Callable[[], None] | None = None
    """Undoes it after up to a second; None: it is not undone."""


class Site(ABC):
    """An engine and its faults. A context manager, which starts and ends what the engine needs."""

    engine: ClassVar[str]
    studies: ClassVar[tuple[str, ...]]
    """Which studies train there."""
    victims: ClassVar[tuple[str, ...]]
    weights: ClassVar[tuple[int, ...]]
    """Relative frequency of each victim: faults that end a run are rarer than those that it survives."""
    actions: ClassVar[tuple[str, ...]]
    """What may happen to the victims."""
    poll_s: ClassVar[float] = 0.2
    """Seconds between two checks whether it is ready."""
    delay_share: ClassVar[float] = 0.1
    """The first fault comes after at most this share of the time that a study takes undisturbed, once it is ready."""
    temporary: Path
    """The temporary directory of all processes, which is to be empty at the end. The campaign sets it."""
    has_limits: ClassVar[bool] = False
    """Whether a process may be stopped and never continued, so that its training needs a time limit."""
    jobs_outlive_driver: ClassVar[bool] = False
    """Whether jobs of a driver that is killed go on, and the next driver collects them."""

    @property
    @abstractmethod
    def words(self) -> tuple[str, ...]:
        """Overrides that choose the engine."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables of the driver."""
        return {}

    @abstractmethod
    def is_ready(self, command: Command) -> bool:
        """Whether the driver handles signals by now, and processes of the engine exist."""

    @abstractmethod
    def fault(self, command: Command, rng: random.Random) -> Fault | None:
        """A random fault; None: its victim does not exist now."""

    def restore(self) -> None:  # noqa: B027 – most engines lose nothing
        """Replaces what was lost, such as nodes, before the next run."""

    def left(self) -> Sequence[str]:
        """Jobs, beside processes, that are left when a study is done."""
        return ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        return None


class LocalSite(Site):
    """`engine=local`: signals to the driver, its fork server, the workers, and the processes of their DataLoaders."""

    engine = "local"
    studies = ("loaded", "stacked", "alone")
    victims = ("driver", "server", "worker", "loader")
    weights = (1, 1, 3, 3)
    actions = ("SIGKILL", "SIGTERM", "SIGINT", "SIGSTOP")
    poll_s = 0.05
    delay_share = 0.5
    has_limits = True

    @property
    def words(self) -> tuple[str, ...]:
        return "engine.workers=2", "engine.threads=1"

    def is_ready(self, command: Command) -> bool:
        return "server" in processes_by_role(command)

    def fault(self, command: Command, rng: random.Random) -> Fault | None:
        there = processes_by_role(command)
        (role,) = rng.choices(self.victims, self.weights)
        action = rng.choice(self.actions)
        if role not in there:
            return None
        victim = rng.choice(sorted(there[role], key=lambda process: process.pid))
        is_resumed = action == "SIGSTOP" and (role in ("driver", "server") or rng.random() < 0.8)
        return signalled(role, action, victim, is_resumed=is_resumed)


def signalled(role: str, action: str, victim: psutil.Process, *, is_resumed: bool = False) -> Fault:
    """A signal to a process."""
    return Fault(
        victim=role,
        action=action,
        do=lambda: victim.send_signal(signal.Signals[action]),
        resume=victim.resume if is_resumed else None,
    )


def processes_by_role(command: Command) -> dict[str, list[psutil.Process]]:
    """The processes of a command by role: driver, fork server, workers, and loaders, the children of workers."""
    found: dict[str, list[psutil.Process]] = {}
    with suppress(psutil.Error):
        driver = psutil.Process(command.process.pid)
        found["driver"] = [driver]
        for server in driver.children():
            if is_of_fork_server(server):
                found.setdefault("server", []).append(server)
                for worker in server.children():
                    found.setdefault("worker", []).append(worker)
                    if loaders := worker.children():
                        found.setdefault("loader", []).extend(loaders)
    return found


def is_of_fork_server(process: psutil.Process) -> bool:
    """Whether it is a fork server, or a worker that has been forked from one."""
    return "multiprocessing.forkserver" in " ".join(process.cmdline())
