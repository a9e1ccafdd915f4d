"""The base class of engines that may lose a worker, and then train its trials again."""

import traceback
from collections import Counter

from ablate.errors import AblateError
from ablate.execute.engines._base import Engine
from ablate.execute.engines.job_outcome import JobOutcome, Trained
from ablate.execute.engines.wording import describe, device_lost_message, out_of_memory_message, trained_again
from ablate.execute.train.job import (
    Job,
    memory_limit_gb,
    one_by_one,
    record_failures,
    record_timeout,
    time_limit_min,
    under_way,
    unfinished,
    without_record,
)
from ablate.store.directory import StudyDirectory
from ablate.store.record import Record

START_ATTEMPTS = 3
"""Workers that a job is given to while each is lost before it begins. The last of these losses counts as a retry."""


class Retrying(Engine):
    """An engine whose workers are processes. It decides which trials are trained again when a worker is lost."""

    ends_trials = True
    retries: int
    """Further attempts for a trial whose worker was lost."""
    _losses: Counter[str]
    """Trial id → workers that were lost while they trained it."""
    _losses_before_start: Counter[str]
    """Trial id → workers that were lost before they began it."""

    def _reset_losses(self) -> None:
        self._losses, self._losses_before_start = Counter(), Counter()

    def _handle(self, job: Job, outcome: JobOutcome, threads: int) -> tuple[tuple[Record, ...], tuple[Job, ...]]:
        """The records of a job that has ended, and the jobs that are to be trained again. Tells the user why.

        Args:
            job: The job.
            outcome: How it has ended.
            threads: CPU threads of its worker.

        Raises:
            AblateError: the worker raised it.
            StoreError: a record cannot be written.
        """
        if outcome.died is not None:
            return self._handle_loss(job, outcome, outcome.died, threads)
        if outcome.trained is None:
            assert outcome.error is not None
            return self._handle_error(job, outcome.error, threads), ()
        return self._handle_trained(job, outcome.trained)

    def _handle_loss(
        self, job: Job, outcome: JobOutcome, why: str, threads: int
    ) -> tuple[tuple[Record, ...], tuple[Job, ...]]:
        """`_handle` of a job whose worker died or was ended.

        Unfinished trials of a job of several are each trained alone. The trial that kills its worker, or never ends,
        then costs no other. A stack with a checkpoint goes on as one, as often as a trial alone is tried again.
        """
        ids = [trial.id for trial in job.bundle.trials]
        if not outcome.has_begun:
            self._losses_before_start.update(ids)
            if max(self._losses_before_start[each] for each in ids) < START_ATTEMPTS:
                return (), (job,)
        records, again = unfinished(job)
        is_alone = len(ids) == 1
        if outcome.is_overdue:
            why = f"was ended after {time_limit_min(job):g} min (trainer.timeout_min)"
            if again and is_alone:
                return (record_timeout(job, engine=self.name, threads=threads),), ()
        elif outcome.took_gb is not None:
            took = (
                f"{outcome.took_gb:.3g} GB of memory, and {memory_limit_gb(job):g} GB are allowed (trainer.memory_gb)"
            )
            why = f"was ended: it took {took}"
            if again and is_alone:
                text = f"The worker process {why}.\n"
                return record_failures(job, error=f"took {took}", traceback=text, engine=self.name, threads=threads), ()
        else:
            why = f"died: {why}"
            self._losses.update(ids)
            if again and is_alone and self._losses[ids[0]] > self.retries:
                text = f"The worker process ended without a Python traceback: its worker {why}.\n"
                return record_failures(
                    job, error=f"its worker {why}", traceback=text, engine=self.name, threads=threads
                ), ()
            if again and not is_alone and under_way(job) and max(self._losses[each] for each in ids) <= self.retries:
                again = (job,)
        if again:
            self.on_message(f"The worker of {describe(job)} {why}. {trained_again(again)}")
        return records, again

    def _handle_trained(self, job: Job, trained: Trained) -> tuple[tuple[Record, ...], tuple[Job, ...]]:
        """`_handle` of a job whose worker has sent its message."""
        remaining = [each for index, each in enumerate(one_by_one(job)) if index in trained.remaining]
        ids = {each.bundle.trials[0].id for each in remaining}
        directory = StudyDirectory(job.directory)
        records = tuple(directory.record(trial.id) for trial in job.bundle.trials if trial.id not in ids)
        if trained.device_error is not None:
            self.on_message(device_lost_message(job, trained.device_error, remaining))
            return records, tuple(remaining)
        if remaining:
            self.on_message(out_of_memory_message(remaining))
        return records, without_record(job, records)

    def _handle_error(self, job: Job, error: BaseException, threads: int) -> tuple[Record, ...]:
        """The records of a job that raised an error in a worker that lives on."""
        if isinstance(error, AblateError):
            raise error
        line = f"its worker could not train it: {error!r}"
        text = "".join(traceback.format_exception(error))
        return record_failures(job, error=line, traceback=text, engine=self.name, threads=threads)
