"""The driver's side of an actor: one job, or one call, at a time. The actor is replaced when it is lost."""

import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

import psutil

import ablate
from ablate.errors import DeathError, EngineError
from ablate.execute.engines.ray.connection import imported
from ablate.execute.engines.ray.delivery import states, unpack, write_states
from ablate.execute.engines.ray.place import mark_of
from ablate.execute.engines.team import TRIES, Ended
from ablate.execute.train.job import Job

if TYPE_CHECKING:
    from ablate.execute.engines.ray.actor import Answer, Called, Greeting

STOP_S = 10.0
"""Time in which the processes of an actor have ended that was killed. Then they are killed one by one."""


class RayWorker:
    """One actor, or the one that has taken its place."""

    def __init__(self, make: Callable[[], Any], answers: "SimpleQueue[Future[Any]] | None" = None) -> None:
        """Starts an actor.

        Args:
            make: Starts one, and returns its handle at once.
            answers: Gets the future of each job when it is done, and one when the actor has started.
        """
        self.job: Job | None = None
        self.future: Future[Any] = Future()
        self._accepted: Future[Any] = Future()
        self._make = make
        self._answers: SimpleQueue[Future[Any]] = SimpleQueue() if answers is None else answers
        self._greeting: Greeting | None = None
        self._tries = 0
        """Actors that were lost one after the other before they had started."""
        self._processes: list[psutil.Process] = []
        """Those of the last actor, if they are of this machine and are being ended."""
        self._start()

    @property
    def gpu(self) -> Hashable | None:
        """The node's and the GPUs' numbers; None: it has none."""
        return (self._greeting.node, self._greeting.gpus) if self._greeting and self._greeting.gpus else None

    @property
    def seconds_left(self) -> float | None:
        """None: the actor ends a job that has run out of time."""
        return None

    def is_ready(self) -> bool:
        """Whether the actor has started. Starts another where it was lost before.

        Raises:
            EngineError: actors cannot start, or have another version of ablate.
        """
        if self._greeting is not None:
            return True
        if not self._greeted.done():
            return False
        if (error := self._greeted.exception()) is not None:
            self._tries += 1
            if self._tries >= TRIES:
                raise EngineError(
                    f"engine=ray cannot start a worker: {_last_line(error)}. Every node needs ablate-lab as it is here "
                    f"({ablate.__version__}), and the same Python."
                ) from error
            self._replace()
            return False
        found: Greeting = self._greeted.result()
        if found.version != ablate.__version__:
            raise EngineError(
                f"engine=ray: {found.host} has ablate {found.version}, and this machine {ablate.__version__}. Install "
                f"the same on every node: pip install ablate-lab=={ablate.__version__}."
            )
        self._greeting, self._tries = found, 0
        return True

    def train(self, job: Job) -> None:
        """Sends a job to the actor, which is ready."""
        self.job = job
        kept = states(job)  # the node may not see the directory
        self._accepted = self._actor.accept.remote(job, mark_of(job.directory), kept).future()
        self.future = self._ask(self._actor.train.remote())

    def retry(self) -> bool:
        """False: the team gives the job of an actor that was lost before it began to whichever is ready first."""
        return False

    def end_overdue(self) -> None:
        """Nothing: the actor does."""

    def ended(self) -> Ended:
        """How its job has ended. What it has written elsewhere is written here; a lost actor is replaced.

        Raises:
            StoreError: it cannot be written.
        """
        error = self.future.exception()
        if error is None:
            answer: Answer = self.future.result()
            assert self.job is not None
            unpack(answer.deliveries, self.job.directory)
            write_states(answer.kept, self.job)
            return answer.ended
        if not _is_loss(error):
            return Ended(error=error)
        has_begun = self._accepted.done() and self._accepted.exception() is None
        self._replace()
        return Ended(died=cause(error), has_begun=has_begun)

    def call(self, function: Callable[[], Any], *, retries: int, wait_s: float, on_wait: Callable[[], None]) -> Any:
        """Calls a function in the actor's worker, and waits for its result.

        Args:
            function: To be called; again where its process or its node is lost.
            retries: How often at most.
            wait_s: After which `on_wait` is called if no actor has started.
            on_wait: Called once.

        Raises:
            EngineError: no actor can be started; a DeathError: it was lost.
            Exception: whatever the function raises.
        """
        why = ""
        for _ in range(retries + 1):
            while not self.is_ready():
                try:
                    self._answers.get(timeout=wait_s)
                except Empty:
                    on_wait()
                    wait_s = float(10**6)
            future = self._ask(self._actor.call.remote(function, retries))
            while self._answers.get() is not future:
                pass
            error = future.exception()
            if error is None:
                called: Called = future.result()
                if called.error is not None:
                    raise called.error
                return called.result
            if not _is_loss(error):
                raise error
            why = cause(error)
            self._replace()
        raise DeathError(
            f"The worker that examined the study's networks died: {why}. engine=inline examines them in this process, "
            "where a debugger can be attached."
        )

    def terminate(self) -> None:
        """Has Ray kill the actor, and with it what it has started."""
        if self._greeting is not None and self._greeting.is_same_machine:
            with suppress(psutil.Error):
                actor = psutil.Process(self._greeting.process)
                self._processes = [actor, *actor.children(recursive=True)]
        with suppress(Exception):  # it is gone, or Ray is
            imported().kill(self._actor)

    def stop(self) -> None:
        """Waits until the processes have ended, as far as they are of this machine; kills them after `STOP_S`."""
        until = time.monotonic() + STOP_S
        while (left := [*filter(_is_alive, self._processes)]) and time.monotonic() < until:
            time.sleep(0.01)
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        self._processes = []

    def _start(self) -> None:
        self._greeting = None
        self._actor = self._make()
        self._greeted = self._ask(self._actor.greet.remote())

    def _replace(self) -> None:
        """Starts another actor. The last one may be there yet, where its node does not answer."""
        self.terminate()
        self.stop()
        self._start()

    def _ask(self, reference: Any) -> Future[Any]:
        """The future of an actor's answer. The queue gets it when it is done."""
        future: Future[Any] = reference.future()
        future.add_done_callback(self._answers.put)
        return future


def _is_alive(process: psutil.Process) -> bool:
    """Whether it is there, and has not ended: it may be another's to take note of that."""
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
    """Whether an answer is missing because its actor, its node or the connection is lost."""
    exceptions = imported().exceptions
    return isinstance(error, exceptions.RayError) and not isinstance(error, exceptions.RayTaskError)


def _last_line(error: BaseException) -> str:
    lines: Sequence[str] = str(error).strip().splitlines()
    return lines[-1].strip().rstrip(".") if lines else type(error).__name__
