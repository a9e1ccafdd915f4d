"""Trains one bundle, in the process that an engine chose, and writes its records."""

import signal
import traceback
from collections.abc import Callable, Sequence
from functools import partial

from ablate.errors import StoreError
from ablate.execute.process.hardware import empty_cache
from ablate.execute.process.import_path import user_modules_last
from ablate.execute.process.isolation import isolated_process
from ablate.execute.process.lost_device import LostDeviceError, lost_device
from ablate.execute.process.out_of_memory import is_out_of_memory
from ablate.execute.stack.fit import train_stacked
from ablate.execute.targets.lightning_package import is_termination
from ablate.execute.targets.target import error_text
from ablate.execute.train.job import Job, halves, one_by_one, record_failure, record_failures
from ablate.execute.training import train
from ablate.store.directory import StudyDirectory
from ablate.store.record import Record


class InterruptedJobError(LostDeviceError):
    """The device was lost while a job trained. `records`: what is on disk; `again`: what another process is to train.

    It is not known which member of a stack caused it: all are recorded as failed, and each is to be trained alone.
    """

    def __init__(self, message: str, *, records: Sequence[Record], again: Sequence[Job]) -> None:
        super().__init__(message)
        self.records, self.again = tuple(records), tuple(again)


@user_modules_last()
def run_bundle(
    job: Job, *, engine: str, threads: int, on_halving: Callable[[], None] | None = None
) -> tuple[Record, ...]:
    """Trains every trial of a job, stacked or one after the other, and writes its record.

    A trial that raises an exception is recorded as failed, with its traceback. The others are trained. `on_halving` is
    called where a stack ran out of memory.

    Returns:
        The records in the order of the trials; where the job says so, without those that ran out of memory alone.

    Raises:
        InterruptedJobError: this process can train nothing more on its device.
        StoreError: a record cannot be written.
        KeyboardInterrupt, SystemExit: Ctrl-C or SIGTERM. They end the study; the trial is not recorded.
    """
    if job.bundle.stacked:
        try:
            if (done := _train_as_one(job, engine=engine, threads=threads)) is not None:
                return done
            lacks_memory = False
        except MemoryError:
            lacks_memory = True
        if lacks_memory:  # outside of `except`: the exception would keep the stack in memory
            empty_cache()
            if on_halving is not None:
                on_halving()
            return _in_turn(partial(run_bundle, on_halving=on_halving), halves(job), engine=engine, threads=threads)
    return _in_turn(_train_alone, one_by_one(job), engine=engine, threads=threads)


def _in_turn(
    train: Callable[..., tuple[Record, ...]], jobs: Sequence[Job], *, engine: str, threads: int
) -> tuple[Record, ...]:
    """Trains one job after the other; returns the records of all."""
    records: list[Record] = []
    for number, job in enumerate(jobs, start=1):
        try:
            records += train(job, engine=engine, threads=threads)
        except InterruptedJobError as lost:
            again = [*lost.again, *(alone for rest in jobs[number:] for alone in one_by_one(rest))]
            raise InterruptedJobError(str(lost), records=[*records, *lost.records], again=again) from lost
    return tuple(records)


def _train_alone(job: Job, *, engine: str, threads: int) -> tuple[Record, ...]:
    """Trains the one trial of a job; returns no record if it ran out of memory, and the job says that it may wait."""
    (trial,), (source,) = job.bundle.trials, job.sources
    try:
        with isolated_process(threads=threads):
            written = train(trial, job, engine=engine, threads=threads, source=source)
        StudyDirectory(job.directory).write_trials([written])
    except StoreError:
        raise
    except BaseException as error:
        _raise_signals(error)
        lost = lost_device()
        if lost is None and job.may_wait and is_out_of_memory(error):
            failure = None
        else:
            failure = record_failure(
                trial,
                job,
                error=error_text(error),
                traceback=traceback.format_exc(),
                engine=engine,
                threads=threads,
                source=source,
            )
            if lost is not None:
                raise InterruptedJobError(lost, records=[failure], again=[]) from error
    else:
        return (written.record,)
    if failure is not None:
        return (failure,)
    empty_cache()  # outside of `except`: the exception would keep the network in memory
    return ()


def _train_as_one(job: Job, *, engine: str, threads: int) -> tuple[Record, ...] | None:
    """Trains a stack; None: it failed, and its trials are to be trained one by one.

    Raises:
        MemoryError: there is not enough memory for all of them.
        InterruptedJobError: as `run_bundle`.
    """
    try:
        with isolated_process(threads=threads):
            written = train_stacked(job, engine=engine, threads=threads)
    except BaseException as error:
        _raise_signals(error)
        if (lost := lost_device()) is not None:
            records = record_failures(
                job, error=error_text(error), traceback=traceback.format_exc(), engine=engine, threads=threads
            )
            again = one_by_one(job) if len(job.bundle.trials) > 1 else ()
            raise InterruptedJobError(lost, records=records, again=again) from error
        if len(job.bundle.trials) > 1 and is_out_of_memory(error):
            raise MemoryError from error
        return None
    StudyDirectory(job.directory).write_trials(written)
    return tuple(each.record for each in written)


def _raise_signals(error: BaseException) -> None:
    """Raises Ctrl-C and SIGTERM again. Lightning turns both into SystemExit, which a trial's code may raise, too."""
    if isinstance(error, KeyboardInterrupt) or isinstance(error.__context__, KeyboardInterrupt):
        raise KeyboardInterrupt from None
    if is_termination(error):
        raise SystemExit(128 + signal.SIGTERM) from None
