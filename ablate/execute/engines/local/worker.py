"""A worker: a process that trains one job, or makes one call, at a time. It is replaced when it dies."""

import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import BrokenExecutor, Future
from contextlib import suppress
from multiprocessing.connection import wait as wait_for_any
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from ablate import passed_objects
from ablate.errors import AblateError, ConfigError, DeathError, EngineError
from ablate.execute.engines.job_outcome import JobOutcome, Trained
from ablate.execute.engines.local import fork_server, ignored_errors
from ablate.execute.engines.retrying import START_ATTEMPTS
from ablate.execute.process.interruption import interruption_deferred
from ablate.execute.process.lost_device import lost_device
from ablate.execute.process.parent_death import end_children_with_parent, signal_at_parent_death
from ablate.execute.train.job import Job, memory_limit_gb, time_limit_min

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

P = ParamSpec("P")
T = TypeVar("T")

STOP_S = 3.0
"""Time that a process has to end by itself before it is killed."""

SERVER_LOST = 255
"""Exit code that multiprocessing gives a process whose fork server has ended."""

MEMORY_CHECK_S = 1.0
"""Time between two measurements of the memory that a job takes, if it has a limit."""

CREATION_TIME_ERROR_S = 2.0
"""Greatest error of the creation time that the operating system gives for a process."""

MAX_DEVICE_ERROR_CHARS = 500
"""Length to which the message of a GPU's driver is cut."""


class Worker:
    """A `ProcessPoolExecutor` of one process. If the process dies, only the job that it trained is affected.

    The processes of a larger pool share its pipes and locks. With pebble or loky in place of these workers, the
    contract suite of the engines passes (pebble in 23 s; loky in 331 s, as each of its processes imports torch
    itself). The tests of processes that die (tests/execute/engines/local) fail:

    - pebble 5.2.3: the future of a task whose process exits with code 0 is never done. If all processes are killed
      while they are idle, the pool is broken and the next tasks are lost (90 of 90). If processes are killed at
      random, 10 of 20 studies never end: a process that dies while it holds the lock of the shared pipe never
      releases it.
    - loky 3.7.0: a process that dies breaks the pool. All running jobs fail, and nothing says which of them killed
      the process, or with which exit code.
    """

    def __init__(
        self,
        *,
        engine: str,
        threads: int,
        gpu: int | None = None,
        variables: Mapping[str, str] | None = None,
        done: "SimpleQueue[Future[Any]] | None" = None,
    ) -> None:
        """Starts no process yet: that starts with the first job or call.

        Args:
            engine: Name of the engine.
            threads: CPU threads of torch in its process.
            gpu: The number of the GPU that it trains on; None: none is chosen.
            variables: Environment variables that its processes have in addition to the driver's.
            done: Gets the future of each job or call when it is done. Wait on this queue, not on a future: Ctrl-C
                during a wait in a future's own method can leave the future locked, and the executor then never ends.
        """
        self.gpu = gpu
        self._variables = dict(variables or {})
        self._engine = engine
        self._threads = threads
        self._executor: ProcessPoolExecutor | None = None
        self._done: SimpleQueue[Future[Any]] = SimpleQueue() if done is None else done
        self._context = fork_server.context()
        self._begun = self._context.RawValue("b", 0)  # the process sets it to 1 when it begins
        self._attempts = 0
        self._started = 0.0
        """`time.time()` when the process had started; 0: there is no process."""
        self._deadline: float | None = None
        self.is_overdue = False
        """Whether the process was killed because its job had run out of time."""
        self.took_gb: float | None = None
        """The memory that it took, if it was killed because that was too much."""
        self.job: Job | None = None
        """The job that it trains; None: it is idle."""
        self.future: Future[Any] = Future()
        """Its result, a `Trained`, is set when the job's records are on disk. BrokenExecutor: the process died."""

    def train(self, job: Job) -> None:
        """Starts to train a job, in a new process if the last one has died.

        Raises:
            EngineError: no process can be started.
        """
        self.job, self._attempts, self.is_overdue, self.took_gb = job, 0, False, None
        self._submit_job(job)

    def retry(self) -> bool:
        """Gives the job to another process if the last one died before it began; returns whether it did.

        Raises:
            EngineError: no process can be started.
        """
        died = isinstance(self.future.exception(), BrokenExecutor)
        was_ended = self.is_overdue or self.took_gb is not None
        if self.job is None or not died or self._begun.value or was_ended or self._attempts >= START_ATTEMPTS:
            return False
        self.reap()
        self._submit_job(self.job)
        return True

    @property
    def seconds_left(self) -> float | None:
        """Seconds until its time or memory is to be checked; None: it has no limit, or was killed already."""
        if self.job is None or self.is_overdue or self.took_gb is not None:
            return None
        left = [] if self._deadline is None else [self._deadline - time.monotonic()]
        return min([*left, *([] if memory_limit_gb(self.job) is None else [MEMORY_CHECK_S])], default=None)

    def is_ready(self) -> bool:
        """True: a process is started for each job that needs one."""
        return True

    def outcome(self) -> JobOutcome:
        """How its job has ended. A process that died or lost its device is reaped."""
        error = self.future.exception()
        if isinstance(error, BrokenExecutor):
            return JobOutcome(died=cause(self.reap()), is_overdue=self.is_overdue, took_gb=self.took_gb)
        if error is not None:
            return JobOutcome(error=error)
        trained: Trained = self.future.result()
        if trained.device_error is not None:
            self.reap()
        return JobOutcome(trained=trained)

    def train_to_end(self, job: Job, next_done: Callable[[float | None], Future[Any] | None]) -> JobOutcome:
        """Trains a job, and waits until it has ended: it was trained, its process died, or its time ran out.

        Args:
            job: The job.
            next_done: Waits for the next future in the queue `done`. Its argument is a time limit in seconds, or None
                for no limit; it returns None when that has passed.

        Raises:
            EngineError: no process can be started.
        """
        fork_server.ready(self._engine)
        self.train(job)
        while True:
            left = self.seconds_left
            future = next_done(None if left is None else max(left, 0.0))
            self.end_overdue()
            if future is self.future and not self.retry():
                break
        outcome, self.job = self.outcome(), None
        return outcome

    def end_overdue(self) -> None:
        """Kills the process if its job has run out of time, or takes more memory than it may.

        If it is busy in C or stopped, it ignores SIGTERM.
        """
        if self.seconds_left is None or self.job is None or self.future.done():
            return
        if self._deadline is not None and self._deadline <= time.monotonic():
            self.is_overdue = True
        elif (limit_gb := memory_limit_gb(self.job)) is not None and (taken_gb := self._taken_gb()) > limit_gb:
            self.took_gb = taken_gb
        else:
            return
        self._kill_group()

    def call(self, function: Callable[[], T], *, retries: int = 0) -> T:
        """Calls a function in the process, and waits for its result.

        Args:
            function: Is called again if the process dies.
            retries: Further calls after a death, at most.

        Raises:
            EngineError: no process can be started; a DeathError: it died.
            Exception: whatever the function raises; an AblateError that cannot be pickled becomes a ConfigError.
        """
        code: int | None = None
        started = killed = 0
        while started < START_ATTEMPTS:
            future = self._submit(_call, function)
            while self._done.get() is not future:
                pass  # a call that Ctrl-C interrupted
            with interruption_deferred():
                try:
                    result, is_lost = future.result()
                    if is_lost:
                        self.reap()
                    return result
                except BrokenExecutor:
                    code = self.reap()
            if self._begun.value:
                killed += 1
                if killed > retries:
                    raise DeathError(
                        f"The process that examined the study's networks died: {cause(code)}. engine=inline examines "
                        "them in this process, where a debugger can be attached."
                    )
            elif code is not None and 0 <= code != SERVER_LOST:  # it ended by itself, and would again
                break
            else:
                started += 1
        raise EngineError(
            f"engine={self._engine} cannot start a process here: it died before it began ({cause(code)}). "
            "engine=inline starts no process."
        )

    def reap(self) -> int | None:
        """Reaps a process that has ended, and returns its exit code, as in multiprocessing.

        Processes that it has started, the rest of its process group, are killed.
        """
        executor, self._executor = self._executor, None
        self._kill_group()
        if executor is not None:
            # The executor's thread reads the exit code. Only one thread may, so this one waits for it.
            executor.shutdown(wait=True, cancel_futures=True)
        process, self._context.process = self._context.process, None
        return None if process is None else process.exitcode

    def terminate(self) -> None:
        """Sends SIGTERM to the process."""
        if (process := self._context.process) is not None and process.is_alive():
            process.terminate()

    def stop(self) -> None:
        """Waits until the process has ended, and kills it after `STOP_S`."""
        if (process := self._context.process) is not None and process.is_alive():
            process.join(STOP_S)
            process.kill()
        self.reap()

    def _kill_group(self) -> None:
        """Kills the process group of the process, unless its id belongs to another process by now.

        The operating system gives no process the id of a process group that has members. If a process of this id was
        created later, the group has ended.
        """
        if (process := self._context.process) is None or process.pid is None:
            return
        import psutil

        with suppress(psutil.Error):
            if self._started and psutil.Process(process.pid).create_time() > self._started + CREATION_TIME_ERROR_S:
                return
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:  # it was stopped before it had made a group of its own, or has ended
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process.pid, signal.SIGKILL)
        except PermissionError:
            pass

    def _taken_gb(self) -> float:
        """Memory of the process and of what it has started; not what it shares, such as torch's libraries."""
        import psutil

        taken = 0
        if (process := self._context.process) is not None and process.pid is not None:
            with suppress(psutil.Error):
                mine = psutil.Process(process.pid)
                for one in (mine, *mine.children(recursive=True)):
                    with suppress(psutil.Error):
                        taken += one.memory_full_info().uss
        return taken / 1e9

    def _submit_job(self, job: Job) -> None:
        self._attempts += 1
        limit_min = time_limit_min(job)
        self._deadline = None if limit_min is None else time.monotonic() + 60 * limit_min
        self.future = self._submit(_train, job, self._engine, self._threads)

    def _submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Submits a call to the process, or to a new one if it has died."""
        self._begun.value = 0
        with fork_server.explained(self._engine), interruption_deferred():
            future = self._submit_again(function, *args, **kwargs)
            self._started = self._started or time.time()  # the executor has started the process by now
            future.add_done_callback(self._done.put)
            return future

    def _submit_again(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Submits a call, and again if the process died while it was idle or its fork server is ending."""
        for _ in range(START_ATTEMPTS - 1):
            try:
                return self._running().submit(function, *args, **kwargs)
            except BrokenExecutor:
                pass
            except fork_server.LOST:
                fork_server.wait_until_lost()
            self.reap()
        return self._running().submit(function, *args, **kwargs)

    def _running(self) -> "ProcessPoolExecutor":
        """The executor, started if there is none."""
        from concurrent.futures import ProcessPoolExecutor

        if self._executor is None:
            self._started = 0.0
            self._executor = ProcessPoolExecutor(
                max_workers=1,
                mp_context=self._context,
                initializer=_start,
                initargs=(list(sys.path), {**os.environ, **self._variables}, self._begun, passed_objects.pickle_all()),
            )
        return self._executor


def cause(exitcode: int | None) -> str:
    """Why a process ended, in words."""
    if exitcode is None:
        return "for an unknown reason"
    if exitcode >= 0:
        return f"exit code {exitcode}"
    name = signal.Signals(-exitcode).name if -exitcode in set(signal.Signals) else str(-exitcode)
    return f"killed by {name}" + (" (out of memory, most often)" if name == "SIGKILL" else "")


_begun: list[Any] = []
"""In a worker process: the value that it sets to 1 when it begins a job or a call."""


def _start(path: list[str], environment: Mapping[str, str], begun: Any, objects: passed_objects.PickledObjects) -> None:
    """Runs once in each process.

    Gives it the import path and environment of its driver, not of the fork server, and the objects passed from Python.
    """
    os.setpgid(0, 0)  # a group of its own, so that it can be ended with everything that it starts
    signal_at_parent_death()
    end_children_with_parent()
    ignored_errors.say_on_one_line()
    multiprocessing.set_start_method(None, force=True)  # not its own: user-defined code finds Python's default
    sys.path[:] = path
    os.environ.clear()
    os.environ.update(environment)
    _begun[:] = [begun]
    passed_objects.receive(objects)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the driver handles Ctrl-C
    signal.signal(signal.SIGTERM, _end)
    driver = multiprocessing.parent_process()
    assert driver is not None

    def end_with_driver() -> None:
        wait_for_any([driver.sentinel])
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=end_with_driver, daemon=True).start()


def _end(number: int, _: object) -> None:
    """Ends this process by the signal, and with it the processes of a user-defined DataLoader."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # torch's handler raises when a DataLoader's process has been ended
    for child in multiprocessing.active_children():
        child.terminate()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _call(function: Callable[[], T]) -> tuple[T, bool]:
    """Calls a function; returns its result, and whether this process has lost its device.

    Raises:
        Exception: whatever the function raises; an AblateError that cannot be pickled becomes a ConfigError.
    """
    _begun[0].value = 1
    try:
        return function(), lost_device() is not None
    except AblateError as error:
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:
            raise ConfigError(str(error)) from error
        raise


def _train(job: Job, engine: str, threads: int) -> Trained:
    """Trains a job, in the worker's process."""
    _begun[0].value = 1
    from ablate.execute.bundle import InterruptedJobError, run_bundle

    halvings: list[None] = []
    try:
        records = run_bundle(job, engine=engine, threads=threads, on_halving=lambda: halvings.append(None))
        finished, device_error = {record.id for record in records}, None
    except InterruptedJobError as error:
        again = {each.bundle.trials[0].id for each in error.again}
        finished = {record.id for record in error.records} - again
        device_error = str(error)[:MAX_DEVICE_ERROR_CHARS]
    remaining = tuple(index for index, trial in enumerate(job.bundle.trials) if trial.id not in finished)
    return Trained(device_error=device_error, remaining=remaining, was_halved=bool(halvings))
