"""The actor: a process that Ray starts on a node, with one worker of the local engine.

User-defined code runs in the worker's process, as with `engine=local`, and never in the actor. So the actor survives a
worker that is killed or hangs, and knows its exit code. The worker loads torch once for all jobs of the actor.
"""

import os
import pickle
import platform
import sys
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import ablate
from ablate import passed_objects
from ablate.errors import AblateError, EngineError
from ablate.execute.engines.job_outcome import JobOutcome
from ablate.execute.engines.local import fork_server
from ablate.execute.engines.local.worker import Worker
from ablate.execute.engines.ray import working_directory
from ablate.execute.engines.ray.driver_location import DriverLocation
from ablate.execute.engines.ray.trial_files import Checkpoint, TrialFiles, read_states, read_trials, write_states
from ablate.execute.engines.team import next_done
from ablate.execute.process.socket_directory import temporary_directory
from ablate.execute.process.visible_gpus import VARIABLES
from ablate.execute.train.job import Job


@dataclass(frozen=True, kw_only=True)
class ActorInfo:
    """Where an actor has started."""

    version: str
    """Version of ablate."""
    host: str
    """Name of the machine."""
    process_id: int
    node_id: str
    """Ray's id of the node."""
    gpus: tuple[str, ...]
    """Ids of the node's GPUs, or of the one it has a share of, that Ray has assigned to it."""
    is_same_machine: bool
    """Whether it is on the driver's machine, so that the driver sees its processes."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """How a job has ended, and the files that the driver does not see."""

    outcome: JobOutcome
    trials: tuple[TrialFiles, ...] = ()
    kept: tuple[Checkpoint, ...] = ()
    """The states of trainings that have not ended."""


@dataclass(frozen=True, kw_only=True)
class CallResult:
    """What a call has returned or raised."""

    result: Any = None
    error: BaseException | None = None


class Actor:
    """One worker on a node of Ray. Its methods run one after the other, in the main thread."""

    def __init__(
        self, location: DriverLocation, engine: str, threads: int, objects: passed_objects.PickledObjects
    ) -> None:
        """Starts no worker process yet.

        Args:
            location: Where the driver runs.
            engine: Name of the engine.
            threads: CPU threads of each training.
            objects: The objects that were passed from Python. The worker unpickles them.
        """
        self._location = location
        _enter_working_directory(location)
        passed_objects.receive(objects)
        self._done: SimpleQueue[Future[Any]] = SimpleQueue()
        self._engine = engine
        self._worker = Worker(engine=engine, threads=threads, done=self._done)
        self._accepted: tuple[Job, str | None, tuple[Checkpoint, ...]] | None = None

    def start(self) -> ActorInfo:
        """Starts the fork server, which loads torch in the background, and returns where this actor is."""
        import ray

        fork_server.start()
        context = ray.get_runtime_context()
        return ActorInfo(
            version=ablate.__version__,
            host=platform.node(),
            process_id=os.getpid(),
            node_id=context.get_node_id(),
            gpus=tuple(map(str, ray.get_gpu_ids())),
            is_same_machine=self._location.is_same_machine,
        )

    def accept(self, job: Job, signature: str | None, kept: tuple[Checkpoint, ...] = ()) -> None:
        """Takes the job that the next `train` trains. The job counts as begun when this call has returned.

        Args:
            job: The job.
            signature: The driver's `study_signature` of the job's directory.
            kept: The states of its trainings that the driver has.
        """
        self._accepted = job, signature, kept

    def train(self) -> Reply:
        """Trains the accepted job. The reply has its records if only the driver sees the study's directory."""
        assert self._accepted is not None
        (job, signature, kept), self._accepted = self._accepted, None
        if self._location.shares_study(job.directory, signature):
            is_relative_here = self._location.shares_folder or self._location.storage == "shared"
            directory = job.directory if is_relative_here else self._location.folder / job.directory
            return Reply(outcome=self._train(replace(job, directory=directory)))
        with temporary_directory() as scratch:
            sent = replace(job, directory=Path(scratch))
            write_states(kept, sent)
            return Reply(outcome=self._train(sent), trials=read_trials(sent), kept=read_states(sent))

    def call(self, function: Callable[[], Any], retries: int) -> CallResult:
        """Calls a function in the worker's process.

        Args:
            function: Is called again if the process dies.
            retries: Further calls after a death, at most.
        """
        try:
            fork_server.ready(self._engine)
            return CallResult(result=self._worker.call(function, retries=retries))
        except Exception as error:
            return CallResult(error=_picklable(error))

    def _train(self, job: Job) -> JobOutcome:
        try:
            outcome = self._worker.train_to_end(job, partial(next_done, self._done))
        except AblateError as error:
            return JobOutcome(error=_picklable(error))
        return outcome if outcome.error is None else replace(outcome, error=_picklable(outcome.error))


def _enter_working_directory(location: DriverLocation) -> None:
    """Changes to the driver's working directory, or to the copy that was sent to this node.

    On the driver's machine, this process also gets the driver's import path and, in a local instance, its environment.
    Worker processes inherit both.
    """
    vars(sys.modules["__main__"]).pop("__file__", None)  # multiprocessing would execute Ray's program in each process
    environment = location.environment
    if environment is None or "OMP_NUM_THREADS" not in environment:
        os.environ.pop("OMP_NUM_THREADS", None)  # Ray sets it
    if location.shares_code():
        os.chdir(location.folder)
    elif (sent := Path(working_directory.FOLDER)).is_dir():
        os.chdir(sent)
    if location.shares_folder:
        sys.path[:] = location.path
    if location.shares_folder and environment is not None:
        set_by_ray = {name: value for name, value in os.environ.items() if name in VARIABLES or name.startswith("RAY_")}
        os.environ.clear()
        os.environ.update({**environment, **set_by_ray})


def _picklable(error: BaseException) -> BaseException:
    """The error; an EngineError of the same text if it cannot be pickled."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return EngineError(f"{type(error).__name__}: {error}")
    return error
