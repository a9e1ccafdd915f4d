"""One job array in Slurm, and how its tasks have ended."""

from dataclasses import dataclass, field

from ablate.execute.engines.job_outcome import JobOutcome
from ablate.execute.engines.slurm.batch import Batch
from ablate.execute.engines.slurm.commands import Task
from ablate.execute.engines.slurm.reply import Reply
from ablate.execute.train.job import Job

CANCELLED, PREEMPTED = "CANCELLED", "PREEMPTED"


@dataclass(frozen=True, kw_only=True)
class TaskOutcome:
    """How a task has ended. Its reply is not collected yet."""

    batch: Batch
    index: int
    job: Job
    outcome: JobOutcome
    is_final: bool = False
    """Whether another attempt of the same job would end in the same way."""
    is_cancelled: bool = False
    """Whether the task was cancelled in Slurm."""


@dataclass(kw_only=True)
class Array:
    """A job array, with the tasks that this driver waits for."""

    batch: Batch
    job_id: int
    jobs: dict[int, Job]
    """Index of a task → the job that it trains."""
    ending: set[int] = field(default_factory=set[int])
    """Tasks that have replied and may still run in Slurm."""
    states: dict[int, str] = field(default_factory=dict[int, str])
    """Index of a task → its state when Slurm was last asked; empty: it was not in Slurm."""
    ended_since: dict[int, float] = field(default_factory=dict[int, float])
    """Index of a task without a reply → `time.monotonic()` when Slurm first reported its end."""

    @property
    def running_at_most(self) -> int:
        """How many of its tasks may run at a time."""
        return min(self.batch.description.cap, len(self.jobs) + len(self.ending))

    def outcome(self, index: int, reply: Reply) -> TaskOutcome:
        """The outcome of a task that has replied."""
        job = self.jobs[index]
        return TaskOutcome(batch=self.batch, index=index, job=job, outcome=reply.outcome, is_final=reply.is_final)

    def outcome_without_reply(self, index: int, task: Task | None) -> TaskOutcome:
        """The outcome of a task that has ended and not replied.

        Args:
            index: Index of the task.
            task: The task in Slurm; None: Slurm does not know it any longer.
        """
        state = None if task is None else task.state
        why = why_without_reply(self.batch, index, state)
        return TaskOutcome(
            batch=self.batch,
            index=index,
            job=self.jobs[index],
            outcome=JobOutcome(died=why, has_begun=index in self.batch.started()),
            is_final=state in (CANCELLED, "TIMEOUT", "DEADLINE"),
            is_cancelled=state == CANCELLED,
        )


def why_without_reply(batch: Batch, index: int, state: str | None) -> str:
    """Why a task has ended without a reply, in words."""
    if state == CANCELLED:
        return "its job was cancelled in Slurm"
    if state == "OUT_OF_MEMORY":
        return "its job exceeded its memory limit in Slurm (engine.memory_gb)"
    if state in ("TIMEOUT", "DEADLINE"):
        return "its job reached its time limit in Slurm (engine.time_min)"
    if state == PREEMPTED:
        return "its job was pre-empted in Slurm, and not queued again"
    if state in ("NODE_FAIL", "BOOT_FAIL"):
        return "its node failed"
    ended = "Slurm does not know its job any longer" if state is None else f"its job ended in Slurm as {state}"
    if (line := batch.last_line(index)) is not None:
        return f"{ended}, and its output ends with: {line}"
    return f"{ended}, and there is no output of it in {batch.folder.absolute()}: its node may not see that folder"


def has_ended(task: Task | None) -> bool:
    """Whether a task will not run again; None: Slurm does not know it any longer."""
    return task is None or task.has_ended


def has_stopped(task: Task | None) -> bool:
    """Whether a task has ended or was pre-empted. One that was pre-empted may be queued again, within seconds."""
    return task is None or task.has_ended or task.state == PREEMPTED
