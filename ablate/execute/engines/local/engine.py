"""Worker processes on this machine. They fork from a process that has torch and Lightning loaded."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import closing
from functools import partial
from queue import SimpleQueue
from typing import Any, Literal, ParamSpec, TypeVar

import msgspec

from ablate.execute.engines.local import fork_server
from ablate.execute.engines.local.caller import Caller
from ablate.execute.engines.local.worker import Worker
from ablate.execute.engines.team import Team
from ablate.execute.process.hardware import check_threads, cores
from ablate.execute.process.visible_gpus import only
from ablate.execute.train.job import Job

P = ParamSpec("P")
T = TypeVar("T")


class LocalSettings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The `engine` group of `engine=local`."""

    name: Literal["local"]
    workers: int | Literal["auto"]
    threads: int | Literal["auto"]
    retries: int = 1
    checkpoint_min: float | None = None
    budget_h: float | None = None


class Local(Team):
    """Workers that are processes of this machine."""

    name = "local"
    settings = LocalSettings
    pins_workers = True

    def __init__(self, settings: LocalSettings) -> None:
        self.threads = None if settings.threads == "auto" else settings.threads
        check_threads(self.threads or 1)
        self.workers = cores() // (self.threads or 1) if settings.workers == "auto" else settings.workers
        self.workers = max(self.workers, 1)
        self.workers_are_fixed = settings.workers != "auto"
        self.retries = settings.retries
        self.checkpoint_min = settings.checkpoint_min
        self.budget_h = settings.budget_h
        self._caller = Caller(self.name, retries=self.retries)

    @classmethod
    def check(cls) -> str:
        """Starts a worker, which loads torch and Lightning, and has it answer."""
        with closing(cls(LocalSettings(name="local", workers=1, threads=1))) as engine:
            return f"a worker started and answered (process {engine.call(os.getpid)})"

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls a function in a worker, which ends with `run` or `close`."""
        return self._caller.call(partial(function, *args, **kwargs))

    def close(self) -> None:
        """Ends the worker that `call` has started."""
        self._caller.close()

    def _team(
        self,
        jobs: Sequence[Job],
        *,
        workers: int | None,
        threads: int,
        places: Sequence[int],
        done: "SimpleQueue[Future[Any]]",
    ) -> list[Worker]:
        """The workers, each on its GPU. They are pinned unless all train on the first GPU, which is the default."""
        if self._caller.worker is None:
            fork_server.ready(self.name)
        self.close()
        count = min(self.workers, workers or self.workers, len(jobs))
        make = partial(Worker, engine=self.name, threads=threads, done=done)
        if not places:
            return [make() for _ in range(count)]
        is_pinned = any(places)
        return [make(gpu=gpu, variables=only(gpu, os.environ) if is_pinned else None) for gpu in places[:count]]
