"""Workers that are Ray actors, on this machine or on the nodes of a cluster. Each trains many jobs."""

import math
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal, ParamSpec, TypeVar

import msgspec

from ablate.errors import ConfigError
from ablate.execute.engines.local.caller import Caller
from ablate.execute.engines.ray import connection
from ablate.execute.engines.ray.driver_location import Storage, driver_location
from ablate.execute.engines.ray.worker import RayWorker
from ablate.execute.engines.team import Team, stop
from ablate.execute.process.hardware import check_threads, cores
from ablate.execute.train.job import Job
from ablate.plan.machine import Cluster

P = ParamSpec("P")
T = TypeVar("T")

NO_ROOM_MESSAGE_S = 60.0
"""Time that a call waits for a worker before a message says that the cluster has no room for one."""


class RaySettings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The `engine` group of `engine=ray`."""

    name: Literal["ray"]
    address: str | None = None
    workers: int | Literal["auto"] = "auto"
    threads: int | Literal["auto"] = "auto"
    gpus: float | Literal["auto"] = "auto"
    """GPUs that Ray reserves for each worker."""
    retries: int = 1
    checkpoint_min: float | None = None
    budget_h: float | None = None
    storage: Storage = "auto"
    host: str = "127.0.0.1"
    dashboard: bool = False


class Ray(Team):
    """Workers that are Ray actors. The connection to Ray lasts from the first call or job until `close`."""

    name = "ray"
    settings = RaySettings

    def __init__(self, settings: RaySettings) -> None:
        if settings.gpus != "auto" and settings.gpus < 0:
            raise ConfigError(f"engine.gpus={settings.gpus:g} must be 0 or more, or auto. 0.25 puts four on a GPU.")
        self.threads = None if settings.threads == "auto" else settings.threads
        if settings.address is None:
            check_threads(self.threads or 1)
        self.retries = settings.retries
        self.checkpoint_min = settings.checkpoint_min
        self.budget_h = settings.budget_h
        self._settings = settings
        self._caller: RayWorker | None = None
        """The worker that `call` has started; None: there is none."""

    @property
    def workers(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The number in the settings; `auto`: as many as the cluster has room for.

        Raises:
            EngineError: the cluster does not answer.
        """
        if self._settings.workers != "auto":
            return self._settings.workers
        if self._settings.address is None and not self._may_reserve_gpus:
            return max(cores() // (self.threads or 1), 1)
        self._connect()
        return max(self._capacity(self.threads or 1, self._gpus()), 1)

    @property
    def cluster(self) -> Cluster | None:
        """The nodes that have room for a worker; None: those of a local instance without GPUs share this machine.

        Raises:
            EngineError: the cluster does not answer.
        """
        if self._settings.address is None and not self._may_reserve_gpus:
            return None
        self._connect()
        threads, gpus = self.threads or 1, self._gpus()
        rooms = [room for node in connection.nodes() if (room := _room(node, threads, gpus))]
        reserved = math.ceil(sum(rooms) * min(gpus, 1.0))  # a worker trains on one, however many it reserves
        return Cluster(machines=max(len(rooms), 1), gpus=reserved)

    @property
    def _may_reserve_gpus(self) -> bool:
        return self.may_use_gpus if self._settings.gpus == "auto" else self._settings.gpus > 0

    @property
    def gpus_per_worker(self) -> float | None:
        """Those that Ray reserves for each worker.

        Raises:
            EngineError: the cluster does not answer.
        """
        if self._settings.gpus == "auto":
            self._connect()
        return self._gpus() or None

    @classmethod
    def check(cls) -> str:
        """Starts a local Ray instance, and calls a function in a worker."""
        version = connection.imported().__version__
        with closing(cls(RaySettings(name="ray", workers=1, threads=1, gpus=0))) as engine:
            return f"Ray {version}: a worker started and answered (process {engine.call(os.getpid)})"

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls a function in a worker, which ends with `run` or `close`."""
        if self._caller is None:
            self._connect()
            self._caller = RayWorker(self._actors(threads=1, gpus=self._gpus()))
        return self._caller.call(
            partial(function, *args, **kwargs),
            retries=self.retries,
            wait_s=NO_ROOM_MESSAGE_S,
            on_wait=partial(self._report_no_room, 1, self._gpus()),
        )

    def call_here(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls a function in a process of this machine: a worker's machine may lack the study's folder."""
        with closing(Caller(self.name, retries=0)) as caller:
            return caller.call(partial(function, *args, **kwargs))

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
        done: "SimpleQueue[Future[Any]]",
    ) -> list[RayWorker]:
        """The workers. Those for which Ray has no room start when it has: nodes may be added to the cluster."""
        del places  # Ray chooses the GPUs
        self._connect()
        self._end_caller()
        gpus = self._gpus()
        if self._capacity(threads, gpus) == 0:
            self._report_no_room(threads, gpus)
        count = min(self.workers, workers or self.workers, len(jobs))
        make = self._actors(threads=threads, gpus=gpus)
        return [RayWorker(make, done) for _ in range(count)]

    def _connect(self) -> None:
        """Connects to Ray.

        Raises:
            EngineError: Ray is not installed, cannot be started, or does not answer.
        """
        settings = self._settings
        is_local = settings.address is None
        count = max(cores() // (self.threads or 1), 1) if settings.workers == "auto" else settings.workers
        connection.connect(
            connection.ConnectionSettings(
                address=settings.address,
                cpus=max(cores(), count * (self.threads or 1)) if is_local else 1,
                host=settings.host,
                dashboard=settings.dashboard,
                sent_directory=None if is_local or settings.storage == "shared" else Path.cwd(),
            )
        )

    def _end_caller(self) -> None:
        caller, self._caller = self._caller, None
        stop([] if caller is None else [caller])

    def _actors(self, *, threads: int, gpus: float) -> Callable[[], Any]:
        """A function that starts an actor and returns its handle.

        Raises:
            ConfigError: an object that was passed from Python cannot be pickled.
            EngineError: such objects cannot be sent.
        """
        from ablate.execute.engines.ray.actor import Actor

        settings = self._settings
        options = {"num_cpus": threads, "num_gpus": gpus, "max_restarts": 0, "max_task_retries": 0}
        remote = connection.imported().remote(**options)(Actor)
        location, objects = (
            driver_location(settings.storage, is_local=settings.address is None),
            connection.sent_objects(),
        )
        return lambda: remote.options(scheduling_strategy="SPREAD").remote(location, self.name, threads, objects)

    def _gpus(self) -> float:
        """GPUs of each worker."""
        if self._settings.gpus != "auto":
            return self._settings.gpus
        if not self.may_use_gpus:
            return 0.0
        return 1.0 if any(node.get("GPU", 0) >= 1 for node in connection.nodes()) else 0.0

    def _capacity(self, threads: int, gpus: float) -> int:
        """How many workers the nodes have room for if nothing else runs there."""
        return sum(_room(node, threads, gpus) for node in connection.nodes())

    def _report_no_room(self, threads: int, gpus: float) -> None:
        needed = f"{threads} CPU" + (f" and {gpus:g} GPU" if gpus else "")
        there = "; ".join(f"{node.get('CPU', 0):g} CPU, {node.get('GPU', 0):g} GPU" for node in connection.nodes())
        self.on_message(
            f"Ray has no room yet for a worker, which needs {needed}. The study waits. The nodes have "
            f"{there or 'nothing'}. engine.threads and engine.gpus set what a worker needs."
        )


def _room(node: Mapping[str, float], threads: int, gpus: float) -> int:
    """How many workers a node has room for if nothing else runs there."""
    return int(min(node.get("CPU", 0) / threads, node.get("GPU", 0) / gpus if gpus else float("inf")))
