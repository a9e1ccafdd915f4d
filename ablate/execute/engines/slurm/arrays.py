"""The job arrays of a study in Slurm, submitted by this driver or by an earlier one."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ablate.errors import EngineError
from ablate.execute.engines.slurm import commands, submission
from ablate.execute.engines.slurm.array import PREEMPTED, Array, TaskOutcome, has_ended, has_stopped
from ablate.execute.engines.slurm.batch import Batch, batches, remove_incomplete
from ablate.execute.engines.slurm.commands import QueueState, SlurmError, Task
from ablate.execute.engines.slurm.submission import Resources
from ablate.execute.train.job import Job, one_by_one

REPLY_POLL_S = 1.0
"""Time between two searches for replies in the study's directory."""

REPLY_DELAY_S = 15.0
"""Time that a reply may need to become visible here after its task has ended: network file systems cache listings."""

PREEMPTED_S = 60.0
"""Time that a task may be pre-empted before it counts as ended: with PreemptMode=CANCEL, it is not queued again."""

PENDING_MESSAGE_S = 60.0
"""Time without a running task after which a message gives Slurm's reason."""

CANCEL_LIMIT_S = 120.0
"""Time that cancelled tasks have to end. By default Slurm kills them after 30 s (KillWait)."""

PENDING_STATES = ("PENDING", "REQUEUED", "REQUEUE_HOLD", "SPECIAL_EXIT")

STARTED_STATES = ("RUNNING", "COMPLETING", PREEMPTED)
"""States of a task that has started. If it is pending afterwards, Slurm has queued it again."""


class Arrays:
    """The job arrays that a driver waits for."""

    def __init__(self, directory: Path, *, on_message: Callable[[str], None], poll_s: float) -> None:
        """Asks Slurm nothing yet.

        Args:
            directory: The study's directory.
            on_message: Is called with messages for the user.
            poll_s: Seconds between two calls of squeue.
        """
        self._directory = directory
        self._on_message = on_message
        self._poll_s = poll_s
        self._arrays: list[Array] = []
        self._asked = float("-inf")
        self._pending_since: float | None = None
        self._said: set[str] = set()

    @property
    def in_flight(self) -> int:
        """How many tasks this driver waits for."""
        return sum(len(array.jobs) for array in self._arrays)

    @property
    def running_at_most(self) -> int:
        """How many tasks may run at a time, by the caps of the arrays."""
        return sum(array.running_at_most for array in self._arrays)

    @property
    def ids(self) -> tuple[int, ...]:
        """Job ids of the arrays with tasks in flight."""
        return tuple(array.job_id for array in self._arrays if array.jobs)

    def adopt(self, jobs: Sequence[Job]) -> list[Job]:
        """Takes over the tasks of an earlier driver that train some of these jobs. Returns the jobs left to submit.

        Such a task is cancelled if its code has changed since. All other tasks of an earlier driver run on.

        Raises:
            StoreError: a batch cannot be read.
            EngineError: Slurm does not answer, so that it is unknown what was submitted.
        """
        remove_incomplete(self._directory)
        known = {batch.name: batch for batch in batches(self._directory)}
        if not known:
            return list(jobs)
        try:
            state = self._state_with_replies(known)
            ids = self._find_arrays(known, state)
            wanted = {one.bundle.trials[0].id: (one, job) for job in jobs for one in one_by_one(job)}
            stale = {
                name: self._adopt(known[name], array, state.get(name, {}).get(array, {}), wanted)
                for name, array in ids.items()
            }
            words = [f"{ids[name]}_{index}" for name, indices in stale.items() for index in indices]
            commands.cancel(words)
            _wait_for_end(known, ids, words)
        except SlurmError as error:
            raise EngineError(
                f"engine=slurm: Slurm does not answer ({error}). It may have jobs of this study already, so nothing "
                "was submitted. Run the same command again when `squeue` works."
            ) from error
        for name, indices in stale.items():  # not before they have ended: another driver has to find those that run
            for index in indices:
                known[name].collect(index)
            if not known[name].uncollected():
                known[name].remove()
        return [left for job in jobs if (left := _remaining_part(job, wanted)) is not None]

    def _state_with_replies(self, known: dict[str, Batch]) -> QueueState:
        """The state of all batches in Slurm, after waiting for the replies of tasks that have just ended."""
        until = time.monotonic() + REPLY_DELAY_S
        while True:
            state = commands.tasks(known)
            is_reply_missing = any(
                index in batch.started() and has_ended(state.get(name, {}).get(batch.job_id or -1, {}).get(index))
                for name, batch in known.items()
                for index in _without_reply(batch)
            )
            if not is_reply_missing or time.monotonic() > until:
                return state
            time.sleep(REPLY_POLL_S)

    def _find_arrays(self, known: dict[str, Batch], state: QueueState) -> dict[str, int]:
        """The job id of each batch's array. A batch that was not submitted is removed."""
        ids: dict[str, int] = {}
        with submission.locked(self._directory):
            for name, batch in known.items():
                if (array := submission.find(batch)) is None:
                    batch.remove()
                    continue
                ids[name] = array
                others = [str(other) for other in state.get(name, {}) if other != array]
                commands.cancel(others)  # submitted twice, as the reply to the first sbatch was lost
        return ids

    def _adopt(
        self, batch: Batch, array: int, tasks: Mapping[int, Task], wanted: "dict[str, tuple[Job, Job]]"
    ) -> list[int]:
        """Takes over the tasks of a batch that train wanted trials. Returns the indices of those that train older code.

        Args:
            batch: The batch.
            array: The job id of its array.
            tasks: Index → the task in Slurm.
            wanted: Trial id → the trial's job, and the larger job that it is part of. What is taken over is removed.
        """
        replies, stale, jobs = batch.replies(), list[int](), dict[int, Job]()
        for index in batch.uncollected():
            entry = batch.description.tasks[index]
            ids = [trial for trial in entry.trials if trial in wanted]
            is_alive = not has_ended(tasks.get(index))
            sources = dict(zip(entry.trials, entry.sources, strict=True))
            is_same_code = all(wanted[trial][0].sources == (sources[trial],) for trial in ids)
            if ids and is_same_code and (is_alive or index in replies):
                parts = [wanted.pop(trial) for trial in ids]
                jobs[index] = replace(_merged(parts), may_wait=entry.may_wait)
            elif not is_alive:
                batch.collect(index)
            elif ids:
                stale.append(index)
        if jobs:
            self._arrays.append(Array(batch=batch, job_id=array, jobs=jobs))
        return stale

    def submit(
        self,
        jobs: Sequence[Job],
        resources: Resources,
        *,
        cap: int,
        is_detached: bool,
        setup: Sequence[str],
        python: str,
        in_turn: bool,
    ) -> None:
        """Submits jobs as one array.

        Args:
            jobs: At most `commands.max_array_tasks`.
            resources: The resources of each job.
            cap: Jobs that run at a time, at most.
            is_detached: Whether drivers leave them running.
            setup: As of `submission.submit`.
            python: As of `submission.submit`.
            in_turn: Whether they start only when the array that was submitted before has ended.

        Raises:
            StoreError: the batch cannot be written.
            SubmitLimitError: Slurm refuses that many jobs.
            EngineError: Slurm refuses the jobs, or does not answer.
        """
        batch = Batch.write(self._directory, jobs, threads=resources.threads, cap=cap, is_detached=is_detached)
        after = self._arrays[-1].job_id if in_turn and self._arrays else None
        try:
            job_id = submission.submit(batch, resources, setup=setup, python=python, after=after)
        except EngineError:
            batch.remove()
            raise
        self._arrays.append(Array(batch=batch, job_id=job_id, jobs=dict(enumerate(jobs))))
        self._pending_since = None

    def outcomes(self) -> list[TaskOutcome]:
        """The tasks that have ended and were not collected yet."""
        found: list[TaskOutcome] = []
        state: QueueState | None = None
        if self._arrays and time.monotonic() >= self._asked + self._poll_s:
            state = self._ask()
        for array in self._arrays:
            replies = array.batch.replies() if array.jobs else {}
            found += [array.outcome(index, reply) for index, reply in replies.items() if index in array.jobs]
            if state is not None:
                tasks = state.get(array.batch.name, {}).get(array.job_id, {})
                found += self._ended_without_reply(array, tasks, set(replies))
                array.ending = {index for index in array.ending if not has_stopped(tasks.get(index))}
        self._arrays = [array for array in self._arrays if array.jobs or array.ending]
        return found

    def collect(self, ended: TaskOutcome) -> None:
        """Marks a task as collected. Removes its batch if all its tasks are."""
        for array in self._arrays:
            if array.batch is ended.batch:
                del array.jobs[ended.index]
                array.ending.add(ended.index)
                ended.batch.collect(ended.index)
                if not array.jobs and not _without_reply(ended.batch):
                    ended.batch.remove()

    def wait(self) -> None:
        """Sleeps for a moment. Ctrl-C raises KeyboardInterrupt here."""
        time.sleep(min(REPLY_POLL_S, self._poll_s))

    def detach(self) -> None:
        """Leaves all arrays in Slurm. Ctrl-C in a later driver that collects them does not cancel them.

        Raises:
            DiskError: a batch cannot be written.
        """
        for array in self._arrays:
            array.batch.detach()
        self._arrays = []

    def close(self) -> None:
        """Cancels all tasks in flight that are not detached, and waits until they have ended."""
        running = [array for array in self._arrays if array.jobs]
        self._arrays = []
        if detached := [str(array.job_id) for array in running if array.batch.description.is_detached]:
            self._on_message(f"Detached jobs run on in Slurm (array {', '.join(detached)}).")
        ended = [array for array in running if not array.batch.description.is_detached]
        if not ended:
            return
        ids = {array.batch.name: array.job_id for array in ended}
        known = {array.batch.name: array.batch for array in ended}
        try:
            words = [str(array) for array in ids.values()]
            commands.cancel(words)
            _wait_for_end(known, ids, words)
        except (SlurmError, EngineError) as error:
            self._on_message(
                f"The jobs of this study could not be cancelled ({error}). `scancel "
                f"{' '.join(map(str, ids.values()))}` cancels them; otherwise the same command collects their results."
            )
            return
        for batch in known.values():
            batch.remove()

    def _ask(self) -> QueueState | None:
        """The state of the arrays in Slurm; None: Slurm does not answer."""
        self._asked = time.monotonic()
        try:
            state = commands.tasks([array.batch.name for array in self._arrays])
        except SlurmError as error:
            self.say_once(f"Slurm does not answer: {error}. The study waits until it does.")
            return None
        self._report(state)
        return state

    def _report(self, state: QueueState) -> None:
        """Tells the user why no task starts, and how many were queued again."""
        waiting, running, again = list[str](), 0, 0
        for array in self._arrays:
            tasks = state.get(array.batch.name, {}).get(array.job_id, {})
            for index in array.jobs:
                task = tasks.get(index)
                is_pending = task is not None and task.state in PENDING_STATES
                again += is_pending and array.states.get(index) in STARTED_STATES
                running += not is_pending
                if is_pending and task is not None:
                    waiting.append(task.reason)
                array.states[index] = "" if task is None else task.state
        if again:
            what, it = ("a job", "it") if again == 1 else (f"{again} jobs", "them")
            self._on_message(f"Slurm has stopped {what} early and queued {it} again.")
        if running or not waiting:
            self._pending_since = None
            return
        self._pending_since = self._pending_since or time.monotonic()
        if time.monotonic() - self._pending_since > PENDING_MESSAGE_S:
            reasons = ", ".join(sorted({*waiting} - {"None", "JobArrayTaskLimit"})) or "None"
            what = "the job" if len(waiting) == 1 else f"any of {len(waiting)} jobs"
            self.say_once(f"Slurm has not started {what} yet. Its reason: {reasons}.")

    def _ended_without_reply(self, array: Array, tasks: Mapping[int, Task], replied: set[int]) -> Iterable[TaskOutcome]:
        """The tasks without a reply that ended `REPLY_DELAY_S` ago, or were pre-empted `PREEMPTED_S` ago."""
        for index in sorted(set(array.jobs) - replied):
            task = tasks.get(index)
            if not has_stopped(task):
                array.ended_since.pop(index, None)
                continue
            since = array.ended_since.setdefault(index, time.monotonic())
            if time.monotonic() - since >= (REPLY_DELAY_S if has_ended(task) else PREEMPTED_S):
                yield array.outcome_without_reply(index, task)

    def say_once(self, text: str) -> None:
        """Says something to the user, if it has not been said yet."""
        if text not in self._said:
            self._said.add(text)
            self._on_message(text)


def _without_reply(batch: Batch) -> set[int]:
    """Indices of the tasks of a batch that a driver waits for and that have not replied."""
    return batch.uncollected() - set(batch.replies())


def _merged(parts: Sequence[tuple[Job, Job]]) -> Job:
    """One job of several trials. It is stacked if they were parts of one stacked job.

    Args:
        parts: The job of each trial, and the larger job that it is part of.
    """
    alone, origin = parts[0]
    trials = tuple(one.bundle.trials[0] for one, _ in parts)
    stacked = origin.bundle.stacked and all(job is origin for _, job in parts)
    bundle = replace(origin.bundle, trials=trials, stacked=stacked)
    return replace(alone, bundle=bundle, sources=tuple(one.sources[0] for one, _ in parts))


def _remaining_part(job: Job, wanted: "dict[str, tuple[Job, Job]]") -> Job | None:
    """The job with those of its trials that are wanted; None: none is."""
    left = [one for one in one_by_one(job) if one.bundle.trials[0].id in wanted]
    if len(left) == len(job.bundle.trials):
        return job
    return _merged([(one, job) for one in left]) if left else None


def _wait_for_end(known: dict[str, Batch], ids: dict[str, int], cancelled: Sequence[str]) -> None:
    """Waits until cancelled arrays, or tasks of arrays, have ended.

    Args:
        known: Name → batch.
        ids: Name → job id of its array.
        cancelled: Job ids of arrays, or ids of tasks such as `12_3`.

    Raises:
        SlurmError: Slurm does not answer, or they have not ended after `CANCEL_LIMIT_S`.
    """
    until = time.monotonic() + CANCEL_LIMIT_S
    while cancelled:
        state = commands.tasks(known)
        left = [
            f"{array}_{index}"
            for name, array in ids.items()
            for index, task in state.get(name, {}).get(array, {}).items()
            if not has_stopped(task) and {str(array), f"{array}_{index}"} & set(cancelled)
        ]
        if not left:
            return
        if time.monotonic() > until:
            raise SlurmError(f"{', '.join(left)} had not ended {CANCEL_LIMIT_S:g} s after it was cancelled")
        time.sleep(0.2)
