"""Engines with a team of workers, each of which trains one job at a time."""

from abc import abstractmethod
from collections import deque
from collections.abc import Hashable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from ablate.execute.engines.job_outcome import JobOutcome
from ablate.execute.engines.retrying import Retrying
from ablate.execute.process.interruption import interruption_deferred
from ablate.execute.train.job import Job
from ablate.plan.placement import is_shared
from ablate.store.record import Record


class Worker(Protocol):
    """Trains one job at a time. Its process is replaced when it is lost."""

    job: Job | None
    """The job that it trains; None: it is idle."""
    future: Future[Any]
    """Done when the job has ended. It is then put into the team's queue."""

    @property
    def gpu(self) -> Hashable | None:
        """The GPU that it trains on; None: it has none, or the GPU is not known."""
        ...

    @property
    def seconds_left(self) -> float | None:
        """Seconds until `end_overdue` is to be called again; None: its job has no limit that the team has to check."""
        ...

    def is_ready(self) -> bool:
        """Whether it can take a job now. A worker that cannot puts a future into the team's queue as soon as it can."""
        ...

    def train(self, job: Job) -> None:
        """Starts to train a job."""
        ...

    def retry(self) -> bool:
        """Gives the job to another process if the last one died before it began; returns whether it did."""
        ...

    def end_overdue(self) -> None:
        """Ends the process if its job has exceeded its limit of time or memory."""
        ...

    def outcome(self) -> JobOutcome:
        """How its job has ended. After this call the worker can take another job."""
        ...

    def terminate(self) -> None:
        """Tells the process to end, and does not wait."""
        ...

    def stop(self) -> None:
        """Waits until the process, and every process that it has started, has ended."""
        ...


class Team(Retrying):
    """An engine that hands its jobs to workers, and ends a worker whose job exceeds its limit of time or memory."""

    @abstractmethod
    def _team(
        self,
        jobs: Sequence[Job],
        *,
        workers: int | None,
        threads: int,
        places: Sequence[int],
        done: "SimpleQueue[Future[Any]]",
    ) -> Sequence[Worker]:
        """The workers for some jobs. All earlier workers of this engine have ended when it returns.

        Args:
            jobs: At least one.
            workers: Their number, at most; None: as many as the engine has.
            threads: CPU threads of each worker.
            places: The GPU of each worker, by its number; empty: none is chosen.
            done: Gets the future of each job that has ended.

        Raises:
            EngineError: no process can be started.
        """

    def run(
        self,
        jobs: Sequence[Job],
        *,
        workers: int | None = None,
        threads: int | None = None,
        places: Sequence[int] = (),
    ) -> Iterator[tuple[Record, ...]]:
        """Trains the jobs on the workers; yields the records of each as it ends.

        Raises:
            StoreError: as `Engine.run`.
            EngineError: no process can be started.
        """
        if not jobs:
            return
        waiting, threads = deque(jobs), self.threads or threads or 1
        alone: deque[Job] = deque()  # jobs that ran out of memory: each waits until no other job trains
        self._reset_losses()
        done: SimpleQueue[Future[Any]] = SimpleQueue()
        team = list(self._team(jobs, workers=workers, threads=threads, places=places, done=done))
        try:
            _occupy(team, waiting)
            while waiting or alone or any(worker.job for worker in team):
                busy = {worker.future: worker for worker in team if worker.job is not None}
                future = next_done(done, _next_deadline_s(team))
                ended: list[tuple[Record, ...]] = []
                with interruption_deferred():
                    if future is not None and (worker := busy.get(future)) is not None and not worker.retry():
                        outcome = worker.outcome()
                        job, worker.job = worker.job, None
                        assert job is not None
                        records, again = self._handle(job, outcome, threads)
                        ended += [records] if records else []
                        was_halved = outcome.trained is not None and outcome.trained.was_halved
                        if was_halved or any(not job.may_wait for job in again):
                            self._withdraw(worker, team, was_halved=was_halved)
                        for job in again:
                            (waiting if job.may_wait else alone).append(job)
                    for worker in team:
                        worker.end_overdue()
                    _occupy(team, waiting)  # before `yield`: no worker idles while the caller handles the records
                    ready = [worker for worker in team if worker.is_ready()] if alone else []
                    if ready and not any(worker.job for worker in team):
                        ready[0].train(alone.popleft())
                yield from ended
        finally:
            with interruption_deferred():
                stop(team)

    def _withdraw(self, worker: Worker, team: list[Worker], *, was_halved: bool) -> None:
        """Ends a worker that ran out of memory on a GPU that it shares: the GPU has too little memory for all of them.

        Args:
            worker: The worker.
            team: All workers. The worker is removed from them.
            was_halved: Whether a stack ran out of memory, and was halved; else it was a trial alone.
        """
        if worker.gpu is not None and is_shared([one.gpu for one in team if one.gpu is not None], worker.gpu):
            team.remove(worker)
            stop([worker])
            left = sum(one.gpu == worker.gpu for one in team)
            why = "A stack ran out of memory beside others on its GPU, and was halved. " if was_halved else ""
            self.on_message(f"{why}From now on {left} {'worker trains' if left == 1 else 'workers train'} on that GPU.")


def _occupy(team: Sequence[Worker], waiting: deque[Job]) -> None:
    """Hands waiting jobs to idle workers."""
    for worker in team:
        if worker.job is None and worker.is_ready() and waiting:
            worker.train(replace(waiting.popleft(), may_wait=True))  # not all jobs at once: each copy takes memory


def stop(workers: Sequence[Worker]) -> None:
    """Ends workers. All are told to end before the first is waited for."""
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.stop()


def next_done(done: "SimpleQueue[Future[Any]]", timeout_s: float | None) -> Future[Any] | None:
    """The future of the next job that has ended; None: none has ended within `timeout_s`.

    In `Team.run`, Ctrl-C raises KeyboardInterrupt here, and nowhere else.
    """
    try:
        return done.get(timeout=timeout_s)
    except Empty:
        return None


def _next_deadline_s(team: Sequence[Worker]) -> float | None:
    """Seconds until the limits of a job are to be checked next; None: no job has a limit."""
    left = [seconds for worker in team if (seconds := worker.seconds_left) is not None]
    return max(min(left), 0.0) if left else None
