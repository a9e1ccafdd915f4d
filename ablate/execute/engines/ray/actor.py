"""The actor: a process of Ray that holds one worker. Ray places it, and says when it is lost with its node.

No user-defined code runs in it: its worker is a process of its own, as with `engine=local`. What kills that process,
or never ends in it, is known here, with its exit code; and imports are paid once for all trials of the actor.
"""

import os
import pickle
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import ablate
from ablate.errors import AblateError, EngineError
from ablate.execute.engines.local import fork_server
from ablate.execute.engines.local.worker import Worker
from ablate.execute.engines.ray.connection import CODE
from ablate.execute.engines.ray.delivery import Delivery, Kept, packed, states, write_states
from ablate.execute.engines.ray.place import Place
from ablate.execute.engines.team import Ended
from ablate.execute.process.visible_gpus import VARIABLES
from ablate.execute.train.job import Job


@dataclass(frozen=True, kw_only=True)
class Greeting:
    """What an actor says when it has started."""

    version: str
    """Of ablate."""
    host: str
    process: int
    node: str
    gpus: tuple[str, ...]
    """Which of its node's GPUs Ray has given it, a share of one or all of it."""
    is_same_machine: bool
    """Whether the driver sees its processes."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """How a job has ended, and what the driver cannot read from its disk."""

    ended: Ended
    deliveries: tuple[Delivery, ...] = ()
    kept: tuple[Kept, ...] = ()
    """The states of trainings that have not ended."""


@dataclass(frozen=True, kw_only=True)
class Called:
    """What a call has returned or raised."""

    result: Any = None
    error: BaseException | None = None


class Actor:
    """One worker on a node of Ray. Its methods run one after the other, in the main thread."""

    def __init__(self, place: Place, engine: str, threads: int) -> None:
        self._place = place
        _enter(place)
        self._answers: SimpleQueue[Future[Any]] = SimpleQueue()
        self._engine = engine
        self._worker = Worker(engine=engine, threads=threads, answers=self._answers)
        self._accepted: tuple[Job, str | None, tuple[Kept, ...]] | None = None

    def greet(self) -> Greeting:
        """Starts to load torch, and says where this is."""
        import ray

        fork_server.start()
        context = ray.get_runtime_context()
        return Greeting(
            version=ablate.__version__,
            host=platform.node(),
            process=os.getpid(),
            node=context.get_node_id(),
            gpus=tuple(map(str, ray.get_gpu_ids())),
            is_same_machine=self._place.is_same_machine,
        )

    def accept(self, job: Job, mark: str | None, kept: tuple[Kept, ...] = ()) -> None:
        """Takes a job, which `train` then trains: once this is answered, the job has begun."""
        self._accepted = job, mark, kept

    def train(self) -> Answer:
        """Trains the job that was accepted, and waits until its process has answered, died, or run out of time."""
        assert self._accepted is not None
        (job, mark, kept), self._accepted = self._accepted, None
        if self._place.is_here or self._place.storage == "shared":
            seen = job
        else:
            seen = replace(job, directory=self._place.folder / job.directory)
        if self._place.sees(job.directory, mark):
            return Answer(ended=self._ended(seen))
        scratch = Path(tempfile.mkdtemp(prefix="ablate-"))
        try:
            sent = replace(job, directory=scratch)
            write_states(kept, sent)
            return Answer(ended=self._ended(sent), deliveries=packed(sent), kept=states(sent))
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def call(self, function: Callable[[], Any], retries: int) -> Called:
        """Calls a function in the worker's process."""
        try:
            fork_server.ready(self._engine)
            return Called(result=self._worker.call(function, retries=retries))
        except Exception as error:
            return Called(error=_picklable(error))

    def _ended(self, job: Job) -> Ended:
        try:
            ended = self._worker.train_to_end(job, self._next)
        except AblateError as error:
            return Ended(error=_picklable(error))
        return ended if ended.error is None else replace(ended, error=_picklable(ended.error))

    def _next(self, timeout_s: float | None) -> Future[Any] | None:
        try:
            return self._answers.get(timeout=timeout_s)
        except Empty:
            return None


def _enter(place: Place) -> None:
    """Goes where the driver is, if that is on this machine; else where its code has been sent to.

    The processes of the worker get the import path and the environment that this process then has.
    """
    vars(sys.modules["__main__"]).pop("__file__", None)  # Ray's program, which multiprocessing would execute in each
    if "OMP_NUM_THREADS" not in place.environment:
        os.environ.pop("OMP_NUM_THREADS", None)  # Ray sets it
    if place.sees_code():
        os.chdir(place.folder)
    elif (sent := Path(CODE)).is_dir():
        os.chdir(sent)
    if place.is_here:
        sys.path[:] = place.path
        given = {name: value for name, value in os.environ.items() if name in VARIABLES or name.startswith("RAY_")}
        os.environ.clear()
        os.environ.update({**place.environment, **given})


def _picklable(error: BaseException) -> BaseException:
    """The error, or an EngineError that says the same where the driver could not read it."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return EngineError(f"{type(error).__name__}: {error}")
    return error
