"""Workers that Ray places, on this machine or on the nodes of a cluster. Each is an actor that trains many jobs."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import closing
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal, ParamSpec, TypeVar

import msgspec

from ablate import given
from ablate.errors import ConfigError
from ablate.execute.engines.ray import connection
from ablate.execute.engines.ray.place import Storage, here
from ablate.execute.engines.ray.worker import RayWorker
from ablate.execute.engines.team import Team, stop
from ablate.execute.process.hardware import check_threads, cores
from ablate.execute.train.job import Job

P = ParamSpec("P")
T = TypeVar("T")

WAIT_S = 60.0
"""After which a message says that the cluster has no room for a worker yet."""


class RaySettings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The `engine` group of `engine=ray`."""

    name: Literal["ray"]
    address: str | None = None
    workers: int | Literal["auto"] = "auto"
    threads: int | Literal["auto"] = "auto"
    gpus: float | Literal["auto"] = "auto"
    """For each worker."""
    retries: int = 1
    checkpoint_min: float | None = None
    budget_h: float | None = None
    storage: Storage = "auto"
    host: str = "127.0.0.1"
    dashboard: bool = False


class Ray(Team):
    """Workers that are actors of Ray. It is connected from the first call or job to `close`."""

    name = "ray"
    settings = RaySettings
    workers_are_fixed = True

    def __init__(self, settings: RaySettings) -> None:
        if settings.gpus != "auto" and settings.gpus < 0:
            raise ConfigError(f"engine.gpus={settings.gpus:g} must be 0 or more, or auto. 0.25 puts four on a GPU.")
        self.threads = None if settings.threads == "auto" else settings.threads
        if settings.address is None:
            check_threads(self.threads or 1)
        self.retries = settings.retries
        self.checkpoint_min = settings.checkpoint_min
        self.budget_h = settings.budget_h
        self.gpus_per_worker = None if settings.gpus == "auto" else settings.gpus or None
        self._settings = settings
        self._caller: RayWorker | None = None
        """The worker that `call` has started."""

    @property
    def workers(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Their number: as given, or as many as the cluster has room for.

        Raises:
            EngineError: it cannot be reached.
        """
        if self._settings.workers != "auto":
            return self._settings.workers
        if self._settings.address is None:
            return max(cores() // (self.threads or 1), 1)
        self._connect()
        return max(self._room(self.threads or 1, self._gpus()), 1)

    @classmethod
    def check(cls) -> str:
        """Starts a Ray on this machine, and has a worker answer."""
        version = connection.imported().__version__
        with closing(cls(RaySettings(name="ray", workers=1, threads=1, gpus=0))) as engine:
            return f"Ray {version}: a worker started and answered (process {engine.call(os.getpid)})"

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls a function in a worker, which ends with `run` or `close`."""
        if self._caller is None:
            self._connect()
            self._caller = RayWorker(self._actors(threads=1, gpus=self._gpus()))
        wait = partial(self._say_that_it_waits, 1, self._gpus())
        return self._caller.call(partial(function, *args, **kwargs), retries=self.retries, wait_s=WAIT_S, on_wait=wait)

    def close(self) -> None:
        """Ends the worker that `call` has started, and the connection."""
        self._end_caller()
        connection.disconnect()

    def _team(
        self,
        jobs: Sequence[Job],
        *,
        workers: int | None,
        threads: int,
        places: Sequence[int],
        answers: "SimpleQueue[Future[Any]]",
    ) -> list[RayWorker]:
        """The workers. Those that Ray has no room for wait until it has: a cluster may grow."""
        del places  # Ray chooses
        self._connect()
        self._end_caller()
        gpus = self._gpus() if self._settings.gpus != "auto" or _may_use_gpus(jobs) else 0.0
        if self._room(threads, gpus) == 0:
            self._say_that_it_waits(threads, gpus)
        count = min(self.workers, workers or self.workers, len(jobs))
        make = self._actors(threads=threads, gpus=gpus)
        return [RayWorker(make, answers) for _ in range(count)]

    def _connect(self) -> None:
        """Connects to Ray.

        Raises:
            ConfigError: objects are passed from Python, which this engine does not send.
            EngineError: Ray is not there.
        """
        if passed := given.names():
            raise ConfigError(
                f"engine=ray does not send what is passed from Python, such as {passed[0]}. engine=local and "
                "engine=slurm do; or put classes and functions into a module, and name the data in a configuration."
            )
        settings = self._settings
        own = settings.address is None
        count = max(cores() // (self.threads or 1), 1) if settings.workers == "auto" else settings.workers
        connection.connect(
            connection.Wanted(
                address=settings.address,
                cpus=max(cores(), count * (self.threads or 1)) if own else 1,
                host=settings.host,
                dashboard=settings.dashboard,
                code=None if own or settings.storage == "shared" else Path.cwd(),
            )
        )

    def _end_caller(self) -> None:
        caller, self._caller = self._caller, None
        stop([] if caller is None else [caller])

    def _actors(self, *, threads: int, gpus: float) -> Callable[[], Any]:
        """Starts an actor with each call."""
        from ablate.execute.engines.ray.actor import Actor

        options = {"num_cpus": threads, "num_gpus": gpus, "max_restarts": 0, "max_task_retries": 0}
        remote = connection.imported().remote(**options)(Actor)
        place = here(self._settings.storage)
        return lambda: remote.options(scheduling_strategy="SPREAD").remote(place, self.name, threads)

    def _gpus(self) -> float:
        """Of each worker."""
        if self._settings.gpus != "auto":
            return self._settings.gpus
        return 1.0 if any(node.get("GPU", 0) >= 1 for node in connection.nodes()) else 0.0

    def _room(self, threads: int, gpus: float) -> int:
        """How many workers the nodes have room for, if nothing else is on them."""
        return sum(
            int(min(node.get("CPU", 0) / threads, node.get("GPU", 0) / gpus if gpus else float("inf")))
            for node in connection.nodes()
        )

    def _say_that_it_waits(self, threads: int, gpus: float) -> None:
        needed = f"{threads} CPU" + (f" and {gpus:g} GPU" if gpus else "")
        there = "; ".join(f"{node.get('CPU', 0):g} CPU, {node.get('GPU', 0):g} GPU" for node in connection.nodes())
        self.on_message(
            f"Ray has no room for a worker yet, which takes {needed}: it waits. Its nodes have {there or 'nothing'}. "
            "engine.threads and engine.gpus say what a worker takes."
        )


def _may_use_gpus(jobs: Sequence[Job]) -> bool:
    """Whether a trial of the jobs may train on a GPU."""
    return any(trial.config.trainer.settings.accelerator != "cpu" for job in jobs for trial in job.bundle.trials)
