"""Worker processes on this machine. They fork from a process that has torch and Lightning loaded."""

import os
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future
from contextlib import closing
from dataclasses import replace
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Literal, ParamSpec, TypeVar

import msgspec

from ablate.errors import AblateError
from ablate.execute.engines._base import Engine
from ablate.execute.engines.local import fork_server
from ablate.execute.engines.local.worker import Trained, Worker, cause, stop
from ablate.execute.engines.wording import counted, device_lost, each_alone, named, short_of_memory
from ablate.execute.process.hardware import check_threads, cores
from ablate.execute.process.interruption import interruption_deferred
from ablate.execute.process.visible_gpus import only
from ablate.execute.train.job import Job, fail, one_by_one, time_limit_min, timed_out, unfinished, without_record
from ablate.plan.placement import is_shared
from ablate.store.directory import StudyDirectory
from ablate.store.record import Record

P = ParamSpec("P")
T = TypeVar("T")


class LocalSettings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The `engine` group of `engine=local`."""

    name: Literal["local"]
    workers: int | Literal["auto"]
    threads: int | Literal["auto"]
    retries: int = 1


class Local(Engine):
    """Workers that train one job each at a time; any of them may die, or be ended when its job has run out of time."""

    name = "local"
    settings = LocalSettings
    ends_trials = True
    pins_workers = True

    def __init__(self, settings: LocalSettings) -> None:
        self.threads = None if settings.threads == "auto" else settings.threads
        check_threads(self.threads or 1)
        self.workers = cores() // (self.threads or 1) if settings.workers == "auto" else settings.workers
        self.workers = max(self.workers, 1)
        self.workers_are_fixed = settings.workers != "auto"
        self.retries = settings.retries
        self._lost: Counter[str] = Counter()
        """Trial id → how many workers it has lost."""
        self._caller: Worker | None = None
        """The worker that `call` has started."""

    @classmethod
    def check(cls) -> str:
        """Starts a worker, which loads torch and Lightning, and has it answer."""
        with closing(cls(LocalSettings(name="local", workers=1, threads=1))) as engine:
            return f"a worker started and answered (process {engine.call(os.getpid)})"

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls a function in a worker, which ends with `run` or `close`."""
        if self._caller is None:
            fork_server.ready(self.name)
            self._caller = Worker(engine=self.name, threads=1)
        return self._caller.call(partial(function, *args, **kwargs), retries=self.retries)

    def close(self) -> None:
        """Ends the worker that `call` has started."""
        caller, self._caller = self._caller, None
        stop([] if caller is None else [caller])

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
        if self._caller is None:
            fork_server.ready(self.name)
        self.close()
        waiting, threads = deque(replace(job, may_wait=True) for job in jobs), self.threads or threads or 1
        alone: deque[Job] = deque()  # they have run out of memory, and wait until nothing trains beside them
        self._lost.clear()
        answers: SimpleQueue[Future[Any]] = SimpleQueue()
        team = self._team(min(self.workers, workers or self.workers, len(jobs)), threads, places, answers)
        try:
            _occupy(team, waiting)
            while busy := {worker.future: worker for worker in team if worker.job is not None}:
                future = _next(answers, _next_check_s(team))
                ended: list[tuple[Record, ...]] = []
                with interruption_deferred():
                    if future is not None and (worker := busy.get(future)) is not None and not worker.retry():
                        records, again = self._ended(worker, threads)
                        ended += [records] if records else []
                        was_halved = future.exception() is None and future.result().halved
                        if was_halved or any(not job.may_wait for job in again):
                            self._withdraw(worker, team, was_halved=was_halved)
                        for job in again:
                            (waiting if job.may_wait else alone).append(job)
                    for worker in team:
                        worker.end_overdue()
                    _occupy(team, waiting)  # now: no worker waits until the caller takes the results
                    if alone and not any(worker.job for worker in team):
                        team[0].train(alone.popleft())
                yield from ended
        finally:
            with interruption_deferred():
                stop(team)

    def _team(
        self, count: int, threads: int, places: Sequence[int], answers: "SimpleQueue[Future[Any]]"
    ) -> list[Worker]:
        """The workers, each on its GPU. They are pinned where one is on another GPU than it would take by itself."""
        make = partial(Worker, engine=self.name, threads=threads, answers=answers)
        if not places:
            return [make() for _ in range(count)]
        is_pinned = any(places)
        return [make(gpu=gpu, variables=only(gpu, os.environ) if is_pinned else None) for gpu in places[:count]]

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

    def _ended(self, worker: Worker, threads: int) -> tuple[tuple[Record, ...], tuple[Job, ...]]:
        """What is to be said and done when a worker's job has ended: records, and jobs that are yet to train."""
        job, worker.job = worker.job, None
        assert job is not None
        error = worker.future.exception()
        if isinstance(error, BrokenExecutor):
            return self._without_worker(job, worker, threads)
        if error is not None:
            return self._failed(job, error, threads), ()
        return self._trained(job, worker)

    def _without_worker(self, job: Job, worker: Worker, threads: int) -> tuple[tuple[Record, ...], tuple[Job, ...]]:
        """As `_ended`, of a job whose worker died or was ended.

        Of several trials, those that had not finished are each trained alone: the one that kills its worker, or never
        ends, then costs no other.
        """
        why, (records, again) = cause(worker.reap()), unfinished(job)
        is_alone = len(job.bundle.trials) == 1
        if worker.is_overdue:
            why = f"was ended after {time_limit_min(job):g} min (trainer.timeout_min)"
            if again and is_alone:
                return (timed_out(job, engine=self.name, threads=threads),), ()
        else:
            why = f"died: {why}"
            self._lost.update(trial.id for trial in job.bundle.trials)
            if again and is_alone and self._lost[job.bundle.trials[0].id] > self.retries:
                text = f"The worker process ended without a Python traceback: its worker {why}.\n"
                return fail(job, error=f"its worker {why}", traceback=text, engine=self.name, threads=threads), ()
        if again:
            self.on_message(f"The worker of {named(job)} {why}. {counted(again)} trained again{each_alone(again)}.")
        return records, again

    def _trained(self, job: Job, worker: Worker) -> tuple[tuple[Record, ...], tuple[Job, ...]]:
        """As `_ended`, of a job whose worker has answered; where it can train nothing more, it is ended."""
        answer: Trained = worker.future.result()
        left = [job for place, job in enumerate(one_by_one(job)) if place in answer.left]
        ids = {each.bundle.trials[0].id for each in left}
        directory = StudyDirectory(job.directory)
        records = tuple(directory.record(trial.id) for trial in job.bundle.trials if trial.id not in ids)
        if answer.lost is not None:
            worker.reap()
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


def _occupy(team: Sequence[Worker], waiting: deque[Job]) -> None:
    """Gives idle workers the jobs that wait."""
    for worker in team:
        if worker.job is None and waiting:
            worker.train(waiting.popleft())


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
