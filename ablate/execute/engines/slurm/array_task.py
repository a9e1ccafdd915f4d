"""The program that a node executes for one task of a job array.

    python -m ablate.execute.engines.slurm.array_task FOLDER DIGEST

FOLDER is the batch's folder, and DIGEST its `payload_digest`.

User-defined code runs in the process of a worker, as with `engine=local`, and never in this one. So this process
survives a worker that is killed or hangs, knows its exit code, and can always handle Slurm's signals.
"""

import os
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from ablate import passed_objects
from ablate.errors import AblateError
from ablate.execute.engines.job_outcome import JobOutcome, Trained
from ablate.execute.engines.local.worker import Worker
from ablate.execute.engines.slurm import commands
from ablate.execute.engines.slurm.batch import Batch, current_sources, read_batch
from ablate.execute.engines.slurm.reply import Reply
from ablate.execute.engines.team import next_done
from ablate.execute.train.job import Job, one_by_one, under_way, unfinished

NAME = "slurm"

READ_BY_LIGHTNING = ("SLURM_NTASKS", "SLURM_NPROCS", "SLURM_NTASKS_PER_NODE", "SLURM_PROCID", "SLURM_LOCALID")
"""Variables that make Lightning train one network in several processes and handle Slurm's signals. They are removed."""

OUT_OF_TIME = signal.SIGUSR1
"""The signal that Slurm sends before the end of the time limit, as requested by `sbatch --signal`."""

SIGNAL_DELAY_S = 1.0
"""Time in which a signal that Slurm sends to all processes of a job arrives here, after it has killed the worker."""


class OutOfTimeError(BaseException):
    """The time limit of the Slurm job is about to pass."""


def main(words: list[str]) -> int:
    """Trains the job of this task and writes its reply. Returns the exit code; 0: the reply is written or not needed.

    Args:
        words: FOLDER and DIGEST.
    """
    folder, digest = Path(words[0]), words[1]
    slurm = dict(os.environ)
    index, array = int(slurm["SLURM_ARRAY_TASK_ID"]), int(slurm["SLURM_ARRAY_JOB_ID"])
    batch = read_batch(folder)
    if not batch.claim(array):
        print(f"{batch.name} is trained by the array {batch.job_id}: this one does nothing.", file=sys.stderr)
        return 0
    if index in batch.replies() or index in batch.collected():
        return 0
    signals: SimpleQueue[Any] = SimpleQueue()
    signal.signal(OUT_OF_TIME, lambda *_: signals.put(OUT_OF_TIME))
    signal.signal(signal.SIGTERM, lambda *_: signals.put(signal.SIGTERM))
    starts = batch.note_start(index, f"{datetime.now(UTC).isoformat('T', 'seconds')} on {socket.gethostname()}")
    payload = batch.payload(digest)
    sys.path[:] = payload.path
    for name in READ_BY_LIGHTNING:
        os.environ.pop(name, None)
    passed_objects.receive(payload.objects)
    job = with_current_sources(payload.jobs[index], payload.sources[index])
    task = ArrayTask(batch, index, threads=payload.threads, signals=signals, slurm=slurm)
    return task.train(job, is_first=starts == 1)


def with_current_sources(job: Job, submitted: tuple[str, ...]) -> Job:
    """The job with new source digests for trials whose code has changed since the job was submitted.

    Args:
        job: The job.
        submitted: The `current_sources` of the job when it was submitted.
    """
    current = current_sources(job)
    sources = tuple(new if new != old else kept for new, old, kept in zip(current, submitted, job.sources, strict=True))
    return replace(job, sources=sources)


class ArrayTask:
    """A task with its worker. Slurm's signals and the futures of ended jobs arrive in one queue."""

    def __init__(
        self, batch: Batch, index: int, *, threads: int, signals: "SimpleQueue[Any]", slurm: Mapping[str, str]
    ) -> None:
        """Starts no worker process yet.

        Args:
            batch: The batch.
            index: Index of this task.
            threads: CPU threads of each training.
            signals: Gets Slurm's signals, and the futures of the worker's jobs.
            slurm: The environment with which Slurm has started this task.
        """
        self._batch = batch
        self._index = index
        self._queue = signals
        self._slurm = slurm
        self._worker = Worker(engine=NAME, threads=threads, done=signals)

    def train(self, job: Job, *, is_first: bool) -> int:
        """Trains a job and writes the reply; returns the exit code.

        Args:
            job: The job.
            is_first: Whether this is the task's first start. A later start trains what earlier ones have not finished.
        """
        parts = (job,) if is_first else unfinished_parts(job)
        finished_before, epochs_before = _count_finished(job, parts), epochs_kept(parts)
        try:
            outcomes = [(part, self._train(part)) for part in parts]
        except OutOfTimeError:
            self._stop()
            is_further = epochs_kept(parts) > epochs_before
            return self._requeue(job, finished_before=finished_before, is_further=is_further)
        except SystemExit as error:  # cancelled, or pre-empted: then Slurm starts the task again
            self._stop()
            return int(error.code or 0)
        self._stop()
        self._batch.write_reply(self._index, combined(job, outcomes))
        return 0

    def _requeue(self, job: Job, *, finished_before: int, is_further: bool) -> int:
        """Queues this task again if it has finished a trial, or kept a later epoch, since it started.

        Otherwise it would be queued for ever.
        """
        finished = _count_finished(job, unfinished_parts(job))
        limit = f"its job reached its time limit in Slurm on {socket.gethostname()} (engine.time_min)"
        if finished <= finished_before and not is_further:
            self._batch.write_reply(self._index, Reply(died=limit, is_final=True))
            return 0
        try:
            commands.requeue(self._slurm["SLURM_JOB_ID"])
        except (commands.SlurmError, AblateError) as error:
            if not self._is_ended_by_slurm():  # the signal that ends a task that is queued again may end scontrol, too
                self._batch.write_reply(self._index, Reply(died=f"{limit}, and could not be queued again: {error}"))
            return 0
        signal.pause()  # until Slurm ends it
        return 0

    def _is_ended_by_slurm(self) -> bool:
        """Whether SIGTERM has arrived, or does within `SIGNAL_DELAY_S`."""
        until = time.monotonic() + SIGNAL_DELAY_S
        while (left := until - time.monotonic()) > 0:
            if next_done(self._queue, left) is signal.SIGTERM:
                return True
        return False

    def _train(self, job: Job) -> JobOutcome:
        try:
            outcome = self._worker.train_to_end(job, self._next_done)
        except AblateError as error:
            return JobOutcome(error=error)
        if outcome.died is not None:
            self._next_done(SIGNAL_DELAY_S)  # Slurm's signal to all processes of the job may have killed the worker
        return outcome

    def _next_done(self, timeout_s: float | None) -> "Future[Any] | None":
        """The future of the next job that has ended; None: none has ended within `timeout_s`.

        Raises:
            OutOfTimeError: Slurm's signal that the time limit is about to pass.
            SystemExit: SIGTERM.
        """
        found: Any = next_done(self._queue, timeout_s)
        if found is OUT_OF_TIME:
            raise OutOfTimeError
        if found is signal.SIGTERM:
            raise SystemExit(128 + signal.SIGTERM)
        return found

    def _stop(self) -> None:
        """Ends the worker within seconds: Slurm kills this task soon after its signal (KillWait)."""
        self._worker.terminate()
        self._worker.stop()


def unfinished_parts(job: Job) -> tuple[Job, ...]:
    """A job for each trial that earlier starts have not finished; the whole job if they have finished none.

    Only complete and diverged trials are finished.
    """
    records, _ = unfinished(job)
    done = {record.id for record in records if record.state in ("complete", "diverged")}
    return tuple(one for one in one_by_one(job) if one.bundle.trials[0].id not in done) if done else (job,)


def epochs_kept(jobs: Sequence[Job]) -> int:
    """The epochs that the checkpoints of unfinished trainings hold, added up."""
    return sum(found.epoch for job in jobs if (found := under_way(job)) is not None)


def combined(job: Job, outcomes: Sequence[tuple[Job, JobOutcome]]) -> Reply:
    """One reply about a job whose parts were trained one after the other.

    Args:
        job: The job.
        outcomes: Each part, and how it has ended.
    """
    for _, outcome in outcomes:
        if outcome.trained is None or outcome.trained.device_error is not None:
            return Reply.of(outcome)
    trained = [(part, outcome.trained) for part, outcome in outcomes if outcome.trained is not None]
    ids = {part.bundle.trials[index].id for part, ended in trained for index in ended.remaining}
    remaining = tuple(index for index, trial in enumerate(job.bundle.trials) if trial.id in ids)
    return Reply(trained=Trained(remaining=remaining, was_halved=any(ended.was_halved for _, ended in trained)))


def _count_finished(job: Job, unfinished: Sequence[Job]) -> int:
    return len(job.bundle.trials) - sum(len(part.bundle.trials) for part in unfinished)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
