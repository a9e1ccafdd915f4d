"""Engines whose workers are processes: they go on where a worker is lost, and a team of workers is handed its jobs."""

import traceback
from abc import abstractmethod
from collections import Counter, deque
from collections.abc import Hashable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from ablate.errors import AblateError
from ablate.execute.engines._base import Engine
from ablate.execute.engines.wording import device_lost, named, short_of_memory, trained_again
from ablate.execute.process.interruption import interruption_deferred
from ablate.execute.train.job import (
    Job,
    fail,
    memory_limit_gb,
    one_by_one,
    time_limit_min,
    timed_out,
    under_way,
    unfinished,
    without_record,
)
from ablate.plan.placement import is_shared
from ablate.store.directory import StudyDirectory
from ablate.store.record import Record

TRIES = 3
"""Workers that a trial is given to, if they are lost before they begin it. Then a loss counts as the trial's."""


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What a process answers when it has trained a job. The records are on disk; this is small.

    If the process dies as it answers, a short message is whole or absent.
    """

    lost: str | None = None
    """Why it can train nothing more on its device; None: it can."""
    left: tuple[int, ...] = ()
    """Which of the job's trials are to be trained again: the places of those that ran out of memory, or are `lost`."""
    halved: bool = False
    """Whether a stack ran out of memory."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a worker's job has ended. One of `trained`, `error` and `died` is there."""

    trained: Trained | None = None
    error: BaseException | None = None
    """What the process raised instead of an answer."""
    died: str | None = None
    """Why the worker is gone, in words."""
    is_overdue: bool = False
    """Whether it was ended because its job had run out of time."""
    took_gb: float | None = None
    """The memory that it took, where it was ended because that was too much."""
    has_begun: bool = True
    """Whether it had begun the job."""


class Worker(Protocol):
    """What trains one job at a time. It is replaced when it is lost."""

    job: Job | None
    """The job that it trains; None: it is idle."""
    future: Future[Any]
    """Done when the job has ended. The team's queue then has it."""

    @property
    def gpu(self) -> Hashable | None:
        """Where it trains, if that was chosen or is known."""
        ...

    @property
    def seconds_left(self) -> float | None:
        """Until it is to be seen whether its job takes too much of time or memory; None: it has no limit."""
        ...

    def is_ready(self) -> bool:
        """Whether it can take a job now. One that cannot puts a future into the team's queue when it can."""
        ...

    def train(self, job: Job) -> None:
        """Starts to train a job."""
        ...

    def retry(self) -> bool:
        """Gives the job to another process if the last one died before it began; returns whether it did."""
        ...

    def end_overdue(self) -> None:
        """Ends the process if its job has run out of time, or takes too much memory."""
        ...

    def ended(self) -> Ended:
        """How its job has ended. The worker can take another one then."""
        ...

    def terminate(self) -> None:
        """Asks the process to end."""
        ...

    def stop(self) -> None:
        """Waits until the process has ended, with all that it has started."""
        ...


class Retrying(Engine):
    """An engine that trains in processes which it can lose, and decides what becomes of the trials then."""

    ends_trials = True
    retries: int
    """Further attempts for a trial that has lost its worker."""
    _lost: Counter[str]
    """Trial id → how many workers it has lost."""
    _unbegun: Counter[str]
    """Trial id → how many workers were lost before they began it."""

    def _ended(self, job: Job, how: Ended, threads: int) -> tuple[tuple[Record, ...], tuple[Job, ...]]:
        """What is to be said and done when a job has ended: records, and jobs that are yet to train."""
        if how.died is not None:
            return self._without_worker(job, how, how.died, threads)
        if how.trained is None:
            assert how.error is not None
            return self._failed(job, how.error, threads), ()
        return self._trained(job, how.trained)

    def _without_worker(
        self, job: Job, how: Ended, why: str, threads: int
    ) -> tuple[tuple[Record, ...], tuple[Job, ...]]:
        """As `_ended`, of a job whose worker died or was ended.

        Of several trials, those that had not finished are each trained alone: the one that kills its worker, or never
        ends, then costs no other. A stack whose state is kept goes on as one, as often as a trial alone is tried again.
        """
        ids = [trial.id for trial in job.bundle.trials]
        if not how.has_begun:
            self._unbegun.update(ids)
            if max(self._unbegun[each] for each in ids) < TRIES:
                return (), (job,)
        records, again = unfinished(job)
        is_alone = len(ids) == 1
        if how.is_overdue:
            why = f"was ended after {time_limit_min(job):g} min (trainer.timeout_min)"
            if again and is_alone:
                return (timed_out(job, engine=self.name, threads=threads),), ()
        elif how.took_gb is not None:
            took = f"{how.took_gb:.3g} GB of memory, and {memory_limit_gb(job):g} GB are allowed (trainer.memory_gb)"
            why = f"was ended: it took {took}"
            if again and is_alone:
                text = f"The worker process {why}.\n"
                return fail(job, error=f"took {took}", traceback=text, engine=self.name, threads=threads), ()
        else:
            why = f"died: {why}"
            self._lost.update(ids)
            if again and is_alone and self._lost[ids[0]] > self.retries:
                text = f"The worker process ended without a Python traceback: its worker {why}.\n"
                return fail(job, error=f"its worker {why}", traceback=text, engine=self.name, threads=threads), ()
            if again and not is_alone and under_way(job) and max(self._lost[each] for each in ids) <= self.retries:
                again = (job,)
        if again:
            self.on_message(f"The worker of {named(job)} {why}. {trained_again(again)}")
        return records, again

    def _trained(self, job: Job, answer: Trained) -> tuple[tuple[Record, ...], tuple[Job, ...]]:
        """As `_ended`, of a job whose worker has answered."""
        left = [job for place, job in enumerate(one_by_one(job)) if place in answer.left]
        ids = {each.bundle.trials[0].id for each in left}
        directory = StudyDirectory(job.directory)
        records = tuple(directory.record(trial.id) for trial in job.bundle.trials if trial.id not in ids)
        if answer.lost is not None:
            self.on_message(device_lost(job, answer.lost, left))
            return records, tuple(left)
        if left:
            self.on_message(short_of_memory(left))
        return records, without_record(job, records)

    def _failed(self, job: Job, error: BaseException, threads: int) -> tuple[Record, ...]:
        """The records of a job that its worker could not train, though it lives."""
        if isinstance(error, AblateError):
            raise error
        line = f"its worker could not train it: {error!r}"
        text = "".join(traceback.format_exception(error))
        return fail(job, error=line, traceback=text, engine=self.name, threads=threads)


class Team(Retrying):
    """Workers that train one job each at a time; any may be lost, or be ended when its job has run out of time."""

    @abstractmethod
    def _team(
        self,
        jobs: Sequence[Job],
        *,
        workers: int | None,
        threads: int,
        places: Sequence[int],
        answers: "SimpleQueue[Future[Any]]",
    ) -> Sequence[Worker]:
        """The workers for some jobs; any others of this engine have ended.

        Args:
            jobs: At least one.
            workers: At most; None: as many as the engine has.
            threads: Of each.
            places: The GPU of each, if that was chosen.
            answers: Gets the future of each job that has ended.

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
        """Trains the jobs on the workers; yields them as they end.

        Raises:
            StoreError: as every engine.
            EngineError: no process can be started.
        """
        if not jobs:
            return
        waiting, threads = deque(replace(job, may_wait=True) for job in jobs), self.threads or threads or 1
        alone: deque[Job] = deque()  # they have run out of memory, and wait until nothing trains beside them
        self._lost, self._unbegun = Counter(), Counter()
        answers: SimpleQueue[Future[Any]] = SimpleQueue()
        team = list(self._team(jobs, workers=workers, threads=threads, places=places, answers=answers))
        try:
            _occupy(team, waiting)
            while waiting or alone or any(worker.job for worker in team):
                busy = {worker.future: worker for worker in team if worker.job is not None}
                future = _next(answers, _next_check_s(team))
                ended: list[tuple[Record, ...]] = []
                with interruption_deferred():
                    if future is not None and (worker := busy.get(future)) is not None and not worker.retry():
                        how = worker.ended()
                        job, worker.job = worker.job, None
                        assert job is not None
                        records, again = self._ended(job, how, threads)
                        ended += [records] if records else []
                        was_halved = how.trained is not None and how.trained.halved
                        if was_halved or any(not job.may_wait for job in again):
                            self._withdraw(worker, team, was_halved=was_halved)
                        for job in again:
                            (waiting if job.may_wait else alone).append(job)
                    for worker in team:
                        worker.end_overdue()
                    _occupy(team, waiting)  # now: no worker waits until the caller takes the results
                    ready = [worker for worker in team if worker.is_ready()] if alone else []
                    if ready and not any(worker.job for worker in team):
                        ready[0].train(alone.popleft())
                yield from ended
        finally:
            with interruption_deferred():
                stop(team)

    def _withdraw(self, worker: Worker, team: list[Worker], *, was_halved: bool) -> None:
        """Ends a worker that ran out of memory on a GPU, if others train there: the GPU has not enough for all of them.

        `was_halved`: whether that was a stack, which was halved; else it was a trial alone.
        """
        if worker.gpu is not None and is_shared([one.gpu for one in team if one.gpu is not None], worker.gpu):
            team.remove(worker)
            stop([worker])
            left = sum(one.gpu == worker.gpu for one in team)
            why = "A stack ran out of memory beside others on its GPU, and was halved. " if was_halved else ""
            self.on_message(f"{why}From now on {left} {'worker trains' if left == 1 else 'workers train'} on that GPU.")


def _occupy(team: Sequence[Worker], waiting: deque[Job]) -> None:
    """Gives idle workers the jobs that wait."""
    for worker in team:
        if worker.job is None and worker.is_ready() and waiting:
            worker.train(waiting.popleft())


def stop(workers: Sequence[Worker]) -> None:
    """Ends all of them: all are asked to end before the first is waited for."""
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.stop()


def _next(answers: "SimpleQueue[Future[Any]]", timeout_s: float | None) -> Future[Any] | None:
    """The next job that has ended, or None after the time. Ctrl-C comes through here, and nowhere else in `run`."""
    try:
        return answers.get(timeout=timeout_s)
    except Empty:
        return None


def _next_check_s(team: Sequence[Worker]) -> float | None:
    """Time until the next job runs out of time; None: none does."""
    left = [seconds for worker in team if (seconds := worker.seconds_left) is not None]
    return max(min(left), 0.0) if left else None
