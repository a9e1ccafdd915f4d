"""The job arrays of a study that are in Slurm: those of this driver, and those of an earlier one."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ablate.errors import EngineError
from ablate.execute.engines.slurm import queue, submission
from ablate.execute.engines.slurm.answer import Answer
from ablate.execute.engines.slurm.batch import Batch, batches, sweep
from ablate.execute.engines.slurm.queue import Found, SlurmError, Task
from ablate.execute.engines.slurm.submission import Resources
from ablate.execute.engines.team import Ended
from ablate.execute.train.job import Job, one_by_one

ANSWERS_S = 1.0
"""How often answers are looked for in the study's directory."""

GRACE_S = 15.0
"""Time in which an answer is seen here after its task has left Slurm: some file systems show files late."""

WAIT_S = 60.0
"""After which a message says why Slurm starts no task."""

CANCEL_S = 120.0
"""Time in which cancelled tasks have ended. Slurm kills them after 30 s, by default."""

CANCELLED = "CANCELLED"


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a task has ended. Its answer is not collected yet."""

    batch: Batch
    index: int
    job: Job
    how: Ended
    is_last: bool = False
    """Whether another attempt of the same job would end in the same way."""
    is_cancelled: bool = False


@dataclass(kw_only=True)
class Array:
    """One array, with those of its tasks that this driver waits for."""

    batch: Batch
    job_id: int
    jobs: dict[int, Job]
    """By the task's index."""
    ending: set[int] = field(default_factory=set[int])
    """Tasks that have answered, and may not have ended yet in Slurm."""
    states: dict[int, str] = field(default_factory=dict[int, str])
    gone_since: dict[int, float] = field(default_factory=dict[int, float])
    """When a task was first seen to be in Slurm no more, without an answer."""

    @property
    def running_at_most(self) -> int:
        """Its tasks that may run at a time."""
        return min(self.batch.description.cap, len(self.jobs) + len(self.ending))


class Arrays:
    """What a driver has in Slurm."""

    def __init__(self, directory: Path, *, on_message: Callable[[str], None], poll_s: float) -> None:
        self._directory = directory
        self._on_message = on_message
        self._poll_s = poll_s
        self._arrays: list[Array] = []
        self._asked = float("-inf")
        self._waits_since: float | None = None
        self._said: set[str] = set()

    @property
    def in_flight(self) -> int:
        """Tasks that are waited for."""
        return sum(len(array.jobs) for array in self._arrays)

    @property
    def running_at_most(self) -> int:
        """Tasks that may run at a time, by the caps of the arrays."""
        return sum(array.running_at_most for array in self._arrays)

    @property
    def ids(self) -> tuple[int, ...]:
        """Of the arrays that have tasks in flight."""
        return tuple(array.job_id for array in self._arrays if array.jobs)

    def adopt(self, jobs: Sequence[Job]) -> list[Job]:
        """Finds what an earlier driver has submitted of some jobs, and returns what is yet to be submitted.

        What it has submitted of code that has changed since is cancelled. Whatever else it has submitted runs on.

        Raises:
            StoreError: a batch cannot be read.
            EngineError: Slurm does not answer, so that it is not known what was submitted.
        """
        sweep(self._directory)
        known = {batch.name: batch for batch in batches(self._directory)}
        if not known:
            return list(jobs)
        try:
            found = self._without_haste(known)
            ids = self._identified(known, found)
            wanted = {one.bundle.trials[0].id: (one, job) for job in jobs for one in one_by_one(job)}
            stale: list[str] = []
            for name, array in ids.items():
                stale += self._adopt(known[name], array, found.get(name, {}).get(array, {}), wanted)
            queue.cancel(stale)
            _wait_until_gone(known, ids, stale)
        except SlurmError as error:
            raise EngineError(
                f"engine=slurm: Slurm does not answer ({error}), and jobs of this study may be there: they are not "
                "submitted again. Run the same command when `squeue` answers."
            ) from error
        return [left for job in jobs if (left := _without(job, wanted)) is not None]

    def _without_haste(self, known: dict[str, Batch]) -> Found:
        """What Slurm has of the batches, when tasks that have just ended have had the time to show their answers."""
        until = time.monotonic() + GRACE_S
        while True:
            found = queue.tasks(known)
            is_settled = not any(
                index in batch.begun() and _has_ended(found.get(name, {}).get(batch.job_id or -1, {}).get(index))
                for name, batch in known.items()
                for index in _open(batch)
            )
            if is_settled or time.monotonic() > until:
                return found
            time.sleep(ANSWERS_S)

    def _identified(self, known: dict[str, Batch], found: Found) -> dict[str, int]:
        """The array of each batch. A batch that was not submitted is removed."""
        ids: dict[str, int] = {}
        with submission.locked(self._directory):
            for name, batch in known.items():
                if (array := submission.find(batch)) is None:
                    batch.remove()
                    continue
                ids[name] = array
                others = [str(other) for other in found.get(name, {}) if other != array]
                queue.cancel(others)  # submitted twice: sbatch had not answered
        return ids

    def _adopt(
        self, batch: Batch, array: int, tasks: Mapping[int, Task], wanted: "dict[str, tuple[Job, Job]]"
    ) -> list[str]:
        """Takes over the tasks of a batch that train what is wanted; returns those that train it with older code."""
        answers, stale, jobs, runs_on = batch.answers(), list[str](), dict[int, Job](), False
        for index in _open(batch) | set(answers):
            entry = batch.description.tasks[index]
            ids = [trial for trial in entry.trials if trial in wanted]
            is_alive = not _has_ended(tasks.get(index))
            of = dict(zip(entry.trials, entry.sources, strict=True))
            is_same = all(wanted[trial][0].sources == (of[trial],) for trial in ids)
            if ids and is_same and (is_alive or index in answers):
                parts = [wanted.pop(trial) for trial in ids]
                jobs[index] = replace(_together(parts), may_wait=entry.may_wait)
            elif not is_alive:
                batch.collect(index)
            elif ids:
                stale.append(f"{array}_{index}")
                batch.collect(index)
            else:
                runs_on = True
        if jobs:
            self._arrays.append(Array(batch=batch, job_id=array, jobs=jobs))
        elif not runs_on and not stale:
            batch.remove()
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
            jobs: At most as many as an array may have.
            resources: Of each.
            cap: How many run at a time, at most.
            is_detached: Whether they are left to themselves.
            setup: As of `submission.submit`.
            python: As of `submission.submit`.
            in_turn: Whether they wait until the array that was submitted before them has ended.

        Raises:
            StoreError: they cannot be written.
            EngineError: Slurm refuses them.
        """
        batch = Batch.write(self._directory, jobs, threads=resources.threads, cap=cap, is_detached=is_detached)
        after = self._arrays[-1].job_id if in_turn and self._arrays else None
        try:
            job_id = submission.submit(batch, resources, setup=setup, python=python, after=after)
        except EngineError:
            batch.remove()
            raise
        self._arrays.append(Array(batch=batch, job_id=job_id, jobs=dict(enumerate(jobs))))
        self._waits_since = None

    def ended(self) -> list[Ending]:
        """The tasks that have ended since."""
        endings: list[Ending] = []
        found: Found | None = None
        if self._arrays and time.monotonic() >= self._asked + self._poll_s:
            found = self._ask()
        for array in self._arrays:
            answers = array.batch.answers() if array.jobs else {}
            endings += [_answered(array, index, answer) for index, answer in answers.items() if index in array.jobs]
            if found is not None:
                tasks = found.get(array.batch.name, {}).get(array.job_id, {})
                endings += self._gone(array, tasks, set(answers))
                array.ending = {index for index in array.ending if not _has_ended(tasks.get(index))}
        self._arrays = [array for array in self._arrays if array.jobs or array.ending]
        return endings

    def collect(self, ending: Ending) -> None:
        """Notes that a task's ending was taken. A batch without others is removed."""
        for array in self._arrays:
            if array.batch is ending.batch:
                del array.jobs[ending.index]
                array.ending.add(ending.index)
                ending.batch.collect(ending.index)
                if not array.jobs and not _open(ending.batch):
                    ending.batch.remove()

    def wait(self) -> None:
        """Waits a moment. Ctrl-C comes through here."""
        time.sleep(min(ANSWERS_S, self._poll_s))

    def detach(self) -> None:
        """Leaves all of them to themselves: Ctrl-C in who collects them does not cancel them.

        Raises:
            DiskError: that cannot be noted.
        """
        for array in self._arrays:
            array.batch.detach()
        self._arrays = []

    def close(self) -> None:
        """Cancels what is in flight, but for what was detached, and waits until it has ended."""
        running = [array for array in self._arrays if array.jobs]
        self._arrays = []
        if detached := [str(array.job_id) for array in running if array.batch.description.is_detached]:
            self._on_message(f"What was detached runs on in Slurm (array {', '.join(detached)}).")
        ended = [array for array in running if not array.batch.description.is_detached]
        if not ended:
            return
        ids = {array.batch.name: array.job_id for array in ended}
        known = {array.batch.name: array.batch for array in ended}
        try:
            words = [str(array) for array in ids.values()]
            queue.cancel(words)
            _wait_until_gone(known, ids, words)
        except (SlurmError, EngineError) as error:
            self._on_message(
                f"The jobs of this study could not be cancelled ({error}): `scancel "
                f"{' '.join(map(str, ids.values()))}` ends them. The same command collects them otherwise."
            )
            return
        for batch in known.values():
            batch.remove()

    def _ask(self) -> Found | None:
        """What Slurm has of the arrays; None: it does not answer."""
        self._asked = time.monotonic()
        try:
            found = queue.tasks([array.batch.name for array in self._arrays])
        except SlurmError as error:
            self._say(f"Slurm does not answer: {error}. The study waits until it does.")
            return None
        self._report(found)
        return found

    def _report(self, found: Found) -> None:
        """Says why no task starts, and which are queued again."""
        waiting, running, again = list[str](), 0, 0
        for array in self._arrays:
            tasks = found.get(array.batch.name, {}).get(array.job_id, {})
            for index in array.jobs:
                task = tasks.get(index)
                state = "" if task is None else task.state
                waits = task is not None and state in ("PENDING", "REQUEUED", "REQUEUE_HOLD", "SPECIAL_EXIT")
                again += waits and array.states.get(index) in ("RUNNING", "COMPLETING", "PREEMPTED")
                running += not waits
                if waits and task is not None:
                    waiting.append(task.reason)
                array.states[index] = state
        if again:
            what, it = ("a job", "it") if again == 1 else (f"{again} jobs", "them")
            self._on_message(f"Slurm has ended {what} before the end, and queued {it} again.")
        if running or not waiting:
            self._waits_since = None
            return
        self._waits_since = self._waits_since or time.monotonic()
        if time.monotonic() - self._waits_since > WAIT_S:
            reasons = ", ".join(sorted({*waiting} - {"None", "JobArrayTaskLimit"})) or "None"
            self._say(f"Slurm has started none of {len(waiting)} jobs yet. Its reason: {reasons}.")

    def _gone(self, array: Array, tasks: Mapping[int, Task], answered: set[int]) -> Iterable[Ending]:
        """The tasks that have ended without an answer."""
        for index in sorted(set(array.jobs) - answered):
            task = tasks.get(index)
            if not _has_ended(task):
                array.gone_since.pop(index, None)
                continue
            since = array.gone_since.setdefault(index, time.monotonic())
            if time.monotonic() - since >= GRACE_S:
                yield _unanswered(array, index, task)

    def _say(self, text: str) -> None:
        """Says it once."""
        if text not in self._said:
            self._said.add(text)
            self._on_message(text)


def _answered(array: Array, index: int, answer: Answer) -> Ending:
    how = answer.ended
    return Ending(batch=array.batch, index=index, job=array.jobs[index], how=how, is_last=answer.is_last)


def _unanswered(array: Array, index: int, task: Task | None) -> Ending:
    state = None if task is None else task.state
    how = Ended(died=_why(array.batch, index, state), has_begun=index in array.batch.begun())
    return Ending(
        batch=array.batch,
        index=index,
        job=array.jobs[index],
        how=how,
        is_last=state in (CANCELLED, "TIMEOUT", "DEADLINE"),
        is_cancelled=state == CANCELLED,
    )


def _why(batch: Batch, index: int, state: str | None) -> str:
    """Why a task has ended without an answer, in words."""
    if state == CANCELLED:
        return "its job was cancelled in Slurm"
    if state == "OUT_OF_MEMORY":
        return "its job took more memory than it had in Slurm (engine.memory_gb)"
    if state in ("TIMEOUT", "DEADLINE"):
        return "its job ran out of its time in Slurm (engine.time_min)"
    if state in ("NODE_FAIL", "BOOT_FAIL"):
        return "its node failed"
    ended = "its job is in Slurm no more" if state is None else f"its job ended in Slurm as {state}"
    if (line := batch.last_line(index)) is not None:
        return f"{ended}, and wrote last: {line}"
    return f"{ended}, and wrote nothing in {batch.folder.absolute()}: its node may not see that folder"


def _has_ended(task: Task | None) -> bool:
    return task is None or task.has_ended


def _open(batch: Batch) -> set[int]:
    """The tasks of a batch without an answer."""
    return set(range(len(batch.description.tasks))) - batch.collected() - set(batch.answers())


def _together(parts: Sequence[tuple[Job, Job]]) -> Job:
    """One job of trials, each with the job that it is of."""
    alone, origin = parts[0]
    trials = tuple(one.bundle.trials[0] for one, _ in parts)
    is_one = all(job is origin for _, job in parts)
    stacked = origin.bundle.stacked and is_one
    bundle = replace(origin.bundle, trials=trials, stacked=stacked)
    return replace(alone, bundle=bundle, sources=tuple(one.sources[0] for one, _ in parts))


def _without(job: Job, wanted: "dict[str, tuple[Job, Job]]") -> Job | None:
    """What is left of a job."""
    left = [one for one in one_by_one(job) if one.bundle.trials[0].id in wanted]
    if len(left) == len(job.bundle.trials):
        return job
    return _together([(one, job) for one in left]) if left else None


def _wait_until_gone(known: dict[str, Batch], ids: dict[str, int], cancelled: Sequence[str]) -> None:
    """Waits until cancelled arrays, and tasks of arrays, have ended.

    Raises:
        SlurmError: Slurm does not answer, or they have not ended in time.
    """
    until = time.monotonic() + CANCEL_S
    while cancelled:
        found = queue.tasks(known)
        left = [
            f"{array}_{index}"
            for name, array in ids.items()
            for index, task in found.get(name, {}).get(array, {}).items()
            if not task.has_ended and {str(array), f"{array}_{index}"} & set(cancelled)
        ]
        if not left:
            return
        if time.monotonic() > until:
            raise SlurmError(f"{', '.join(left)} had not ended {CANCEL_S:g} s after it was cancelled")
        time.sleep(0.2)
