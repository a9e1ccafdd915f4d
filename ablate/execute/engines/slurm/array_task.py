"""`python -m ablate.execute.engines.slurm.array_task FOLDER DIGEST`: what a node executes for one task of an array.

No user-defined code runs in it: its worker is a process of its own, as with `engine=local`. What kills that process,
or never ends in it, is known here, with its exit code; and Slurm's signals are answered whatever the worker does.
"""

import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from typing import Any

from ablate import given
from ablate.errors import AblateError
from ablate.execute.engines.local.worker import Worker
from ablate.execute.engines.slurm import queue
from ablate.execute.engines.slurm.answer import Answer
from ablate.execute.engines.slurm.batch import Batch, at, sources_now
from ablate.execute.engines.team import Ended, Trained
from ablate.execute.train.job import Job, one_by_one, under_way, unfinished

NAME = "slurm"

SEEN_BY_LIGHTNING = ("SLURM_NTASKS", "SLURM_NPROCS", "SLURM_NTASKS_PER_NODE", "SLURM_PROCID", "SLURM_LOCALID")
"""Variables from which Lightning would conclude that it is one of several processes that train one network, and that it
is to handle Slurm's signals."""

OUT_OF_TIME = signal.SIGUSR1
"""What Slurm sends some time before the job's end, as `sbatch --signal` has asked for."""

SIGNAL_S = 1.0
"""Time in which a signal that has killed the worker reaches this process, too."""


class OutOfTimeError(BaseException):
    """The job is about to run out of its time in Slurm."""


def main(words: list[str]) -> int:
    """Trains the job of this task, and writes how that ended. 0: that is written, or there is nothing to do."""
    folder, digest = Path(words[0]), words[1]
    slurm = dict(os.environ)
    index, array = int(slurm["SLURM_ARRAY_TASK_ID"]), int(slurm["SLURM_ARRAY_JOB_ID"])
    batch = at(folder)
    if not batch.claim(array):
        print(f"{batch.name} is trained by the array {batch.job_id}: this one does nothing.", file=sys.stderr)
        return 0
    if index in batch.answers() or index in batch.collected():
        return 0
    signals: SimpleQueue[Any] = SimpleQueue()
    signal.signal(OUT_OF_TIME, lambda *_: signals.put(OUT_OF_TIME))
    signal.signal(signal.SIGTERM, lambda *_: signals.put(signal.SIGTERM))
    starts = batch.note_begun(index, f"{datetime.now(UTC).isoformat('T', 'seconds')} on {socket.gethostname()}")
    sent = batch.sent(digest)
    sys.path[:] = sent.path
    for name in SEEN_BY_LIGHTNING:
        os.environ.pop(name, None)
    with TemporaryDirectory(prefix="ablate-given-") as place:
        given.receive(unpacked(sent.objects, Path(place)))
        job = as_found(sent.jobs[index], sent.sources[index])
        task = ArrayTask(batch, index, threads=sent.threads, signals=signals, slurm=slurm)
        return task.train(job, is_first=starts == 1)


def unpacked(objects: Mapping[str, tuple[bytes, str]], place: Path) -> given.Files:
    """Writes objects that were passed from Python where the worker can take them from."""
    files: dict[str, tuple[str, str]] = {}
    for number, (name, (content, digest)) in enumerate(objects.items()):
        (place / str(number)).write_bytes(content)
        files[name] = str(place / str(number)), digest
    return files


def as_found(job: Job, before: tuple[str, ...]) -> Job:
    """The job with the digests of the code that it will train, where that has changed while the job waited."""
    now = sources_now(job)
    changed = tuple(new if new != old else noted for new, old, noted in zip(now, before, job.sources, strict=True))
    return replace(job, sources=changed)


class ArrayTask:
    """One task, with its worker. Signals and ends of jobs come through one queue."""

    def __init__(
        self, batch: Batch, index: int, *, threads: int, signals: "SimpleQueue[Any]", slurm: Mapping[str, str]
    ) -> None:
        self._batch = batch
        self._index = index
        self._queue = signals
        self._slurm = slurm
        self._worker = Worker(engine=NAME, threads=threads, answers=signals)

    def train(self, job: Job, *, is_first: bool) -> int:
        """Trains a job, or what an earlier start of this task has left of it; returns the exit code."""
        todo = (job,) if is_first else left_of(job)
        done = len(job.bundle.trials) - sum(len(one.bundle.trials) for one in todo)
        epochs = epochs_kept(todo)
        try:
            ends = [(one, self._ended(one)) for one in todo]
        except OutOfTimeError:
            self._stop()
            return self._out_of_time(job, had=done, is_further=epochs_kept(todo) > epochs)
        except SystemExit as error:  # cancelled, or pre-empted: then Slurm starts it again
            self._stop()
            return int(error.code or 0)
        self._stop()
        self._batch.answer(self._index, joined(job, ends))
        return 0

    def _out_of_time(self, job: Job, *, had: int, is_further: bool) -> int:
        """Queues this job again, if it has got further in its time; it would else never end."""
        finished = len(job.bundle.trials) - sum(len(one.bundle.trials) for one in left_of(job))
        limit = f"its job ran out of its time in Slurm on {socket.gethostname()} (engine.time_min)"
        if finished <= had and not is_further:
            self._batch.answer(self._index, Answer(died=limit, is_last=True))
            return 0
        try:
            queue.requeue(self._slurm["SLURM_JOB_ID"])
        except (queue.SlurmError, AblateError) as error:
            self._batch.answer(self._index, Answer(died=f"{limit}, and could not be queued again: {error}"))
            return 0
        signal.pause()  # until Slurm ends it
        return 0

    def _ended(self, job: Job) -> Ended:
        try:
            ended = self._worker.train_to_end(job, self._get)
        except AblateError as error:
            return Ended(error=error)
        if ended.died is not None:
            self._get(SIGNAL_S)  # Slurm ends all processes of a job, and the worker may be gone first
        return ended

    def _get(self, timeout_s: float | None) -> "Future[Any] | None":
        """The next job that has ended; None: none has in that time.

        Raises:
            OutOfTimeError, SystemExit: a signal has come instead.
        """
        try:
            found = self._queue.get(timeout=timeout_s)
        except Empty:
            return None
        if found is OUT_OF_TIME:
            raise OutOfTimeError
        if found is signal.SIGTERM:
            raise SystemExit(128 + signal.SIGTERM)
        return found

    def _stop(self) -> None:
        """Ends the worker at once: Slurm does not wait long."""
        self._worker.terminate()
        self._worker.stop()


def left_of(job: Job) -> tuple[Job, ...]:
    """What is to be trained of a job that an earlier start may have finished in part; all of it as it was if none was.

    A trial that has ended otherwise than complete or diverged is trained again.
    """
    records, _ = unfinished(job)
    done = {record.id for record in records if record.state in ("complete", "diverged")}
    return tuple(one for one in one_by_one(job) if one.bundle.trials[0].id not in done) if done else (job,)


def epochs_kept(jobs: Sequence[Job]) -> int:
    """The epochs of which the state is kept, of all trainings that have not ended."""
    return sum(found.epoch for job in jobs if (found := under_way(job)) is not None)


def joined(job: Job, ends: Sequence[tuple[Job, Ended]]) -> Answer:
    """One answer of a job, of which each part has ended in its way."""
    for _, ended in ends:
        if ended.trained is None or ended.trained.lost is not None:
            return Answer.of(ended)
    left = {part.bundle.trials[place].id for part, ended in ends if ended.trained for place in ended.trained.left}
    halved = any(ended.trained.halved for _, ended in ends if ended.trained)
    places = tuple(place for place, trial in enumerate(job.bundle.trials) if trial.id in left)
    return Answer(trained=Trained(left=places, halved=halved))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
