"""The driver's handle of an actor, which makes one job or call at a time. The actor is replaced when it is lost."""

import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import psutil

import ablate
from ablate.errors import DeathError, EngineError
from ablate.execute.engines.job_outcome import JobOutcome
from ablate.execute.engines.ray.connection import imported, loss_explained
from ablate.execute.engines.ray.driver_location import study_signature
from ablate.execute.engines.ray.trial_files import read_states, write_states, write_trials
from ablate.execute.engines.retrying import START_ATTEMPTS
from ablate.execute.engines.team import next_done
from ablate.execute.process import socket_directory
from ablate.execute.train.job import Job

if TYPE_CHECKING:
    from ablate.execute.engines.ray.actor import ActorInfo, CallResult, Reply

STOP_S = 10.0
"""Time that the processes of a killed actor have to end before they are killed one by one."""


class RayWorker:
    """A worker of the team that is an actor of Ray."""

    def __init__(self, make: Callable[[], Any], done: "SimpleQueue[Future[Any]] | None" = None) -> None:
        """Starts an actor.

        Args:
            make: Starts an actor and returns its handle, without waiting.
            done: Gets a future when the actor has started, and the future of each job or call when it is done.
        """
        self.job: Job | None = None
        self.future: Future[Any] = Future()
        self._accepted: Future[Any] = Future()
        self._make = make
        self._done: SimpleQueue[Future[Any]] = SimpleQueue() if done is None else done
        self._info: ActorInfo | None = None
        """None: the actor has not started yet."""
        self._failed_starts = 0
        """Actors in a row that were lost before they had started."""
        self._processes: list[psutil.Process] = []
        """The processes of an actor on this machine that is being ended."""
        self._start()

    @property
    def gpu(self) -> Hashable | None:
        """The ids of the node and its GPUs; None: the actor has no GPU."""
        return (self._info.node_id, self._info.gpus) if self._info and self._info.gpus else None

    @property
    def seconds_left(self) -> float | None:
        """None: the actor, not the team, ends a job that has run out of time."""
        return None

    def is_ready(self) -> bool:
        """Whether the actor has started. Replaces an actor that was lost while it started.

        Raises:
            EngineError: `START_ATTEMPTS` actors were lost in a row, or the node has another version of ablate.
        """
        if self._info is not None:
            return True
        if not self._started.done():
            return False
        if (error := self._started.exception()) is not None:
            self._failed_starts += 1
            if self._failed_starts >= START_ATTEMPTS:
                raise EngineError(
                    f"engine=ray cannot start a worker: {_last_line(error)}. Every node needs ablate-lab "
                    f"{ablate.__version__}, the version on this machine, and the same Python."
                ) from error
            self._replace()
            return False
        found: ActorInfo = self._started.result()
        if found.version != ablate.__version__:
            raise EngineError(
                f"engine=ray: {found.host} has ablate {found.version}, and this machine {ablate.__version__}. Install "
                f"the same on every node: pip install ablate-lab=={ablate.__version__}."
            )
        self._info, self._failed_starts = found, 0
        return True

    def train(self, job: Job) -> None:
        """Sends a job to the actor, which has to be ready."""
        self.job = job
        kept = read_states(job)  # the node may not see the directory
        with loss_explained():
            self._accepted = self._actor.accept.remote(job, study_signature(job.directory), kept).future()
            self.future = self._ask(self._actor.train.remote())

    def retry(self) -> bool:
        """False: the team hands a job that was not begun to the next worker that is ready."""
        return False

    def end_overdue(self) -> None:
        """Does nothing: the actor ends such a job."""

    def outcome(self) -> JobOutcome:
        """How its job has ended. Writes the files that the actor has sent; replaces an actor that was lost.

        Raises:
            StoreError: a file cannot be written.
            EngineError: Ray's client has lost its connection.
        """
        error = self.future.exception()
        if error is None:
            reply: Reply = self.future.result()
            assert self.job is not None
            write_trials(reply.trials, self.job.directory)
            write_states(reply.kept, self.job)
            return reply.outcome
        if not _is_loss(error):
            with loss_explained():
                if type(error) is ConnectionError:
                    raise error
            return JobOutcome(error=error)
        has_begun = self._accepted.done() and self._accepted.exception() is None
        self._replace()
        return JobOutcome(died=cause(error), has_begun=has_begun)

    def call(self, function: Callable[[], Any], *, retries: int, wait_s: float, on_wait: Callable[[], None]) -> Any:
        """Calls a function in the actor's worker, and waits for its result.

        Args:
            function: Is called again if its process or its node is lost.
            retries: Further calls after a loss, at most.
            wait_s: Seconds after which `on_wait` is called if the actor has not started.
            on_wait: Is called at most once.

        Raises:
            EngineError: no actor can be started; a DeathError: it was lost.
            Exception: whatever the function raises.
        """
        why, limit_s = "", wait_s
        for _ in range(retries + 1):
            while not self.is_ready():
                if next_done(self._done, limit_s) is None:
                    on_wait()
                    limit_s = None
            with loss_explained():
                future = self._ask(self._actor.call.remote(function, retries))
            while self._done.get() is not future:
                pass  # a call that Ctrl-C interrupted
            error = future.exception()
            if error is None:
                found: CallResult = future.result()
                if found.error is not None:
                    raise found.error
                return found.result
            if not _is_loss(error):
                with loss_explained():
                    raise error
            why = cause(error)
            self._replace()
        raise DeathError(
            f"The worker that examined the study's networks died: {why}. engine=inline examines them in this process, "
            "where a debugger can be attached."
        )

    def terminate(self) -> None:
        """Makes Ray kill the actor, and with it the processes that it has started."""
        if self._info is not None and self._info.is_same_machine:
            with suppress(psutil.Error):
                actor = psutil.Process(self._info.process_id)
                self._processes = [actor, *actor.children(recursive=True)]
        with suppress(Exception):  # the actor, or Ray itself, has ended already
            imported().kill(self._actor)

    def stop(self) -> None:
        """Waits until the actor's processes on this machine have ended, and kills them after `STOP_S`.

        Then removes the actor's directory of sockets: Ray kills an actor, which so cannot remove it.
        """
        until = time.monotonic() + STOP_S
        while (left := [*filter(_is_alive, self._processes)]) and time.monotonic() < until:
            time.sleep(0.01)
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        if self._processes:
            with suppress(OSError):
                socket_directory.remove_abandoned()
        self._processes = []

    def _start(self) -> None:
        self._info = None
        with loss_explained():
            self._actor = self._make()
            self._started = self._ask(self._actor.start.remote())

    def _replace(self) -> None:
        """Starts another actor, and ends the last one: it may live on if only the connection to its node was lost."""
        self.terminate()
        self.stop()
        self._start()

    def _ask(self, reference: Any) -> Future[Any]:
        """The future of an actor's reply. It is put into the queue when it is done."""
        future: Future[Any] = reference.future()
        future.add_done_callback(self._done.put)
        return future


def _is_alive(process: psutil.Process) -> bool:
    """Whether a process exists and is no zombie: it may be the child of a process that has not reaped it yet."""
    with suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def cause(error: BaseException) -> str:
    """Why an actor was lost, in words."""
    text = str(error)
    if "node" in text and any(word in text for word in ("node has died", "node died", "node is dead", "node was")):
        return "its node was lost"
    if "out of memory" in text.lower() or "memory monitor" in text.lower():
        return "Ray ended it, as its node had no memory left"
    return "its process, or the node that it was on, was lost"


def _is_loss(error: BaseException) -> bool:
    """Whether an error says that the actor, its node or the connection was lost, not that the function raised it."""
    exceptions = imported().exceptions
    return isinstance(error, exceptions.RayError) and not isinstance(error, exceptions.RayTaskError)


def _last_line(error: BaseException) -> str:
    lines: Sequence[str] = str(error).strip().splitlines()
    return lines[-1].strip().rstrip(".") if lines else type(error).__name__
