"""Calls of Slurm's own commands (`sbatch`, `squeue`, `scancel`, `scontrol`, `sinfo`), and their output as values."""

import os
import re
import shutil
import subprocess
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ablate.errors import EngineError
from ablate.execute.process.interruption import interruption_deferred

COMMAND_LIMIT_S = 60.0
"""Time after which a command that has not ended is killed: it waits for a busy controller."""

SBATCH_LIMIT_S = 240.0
"""Time after which sbatch is killed: while Slurm's queue is full, sbatch itself tries again for two minutes."""

ENDED_STATES = {
    "BOOT_FAIL",
    "CANCELLED",
    "COMPLETED",
    "DEADLINE",
    "FAILED",
    "LAUNCH_FAILED",
    "NODE_FAIL",
    "OUT_OF_MEMORY",
    "RECONFIG_FAIL",
    "REVOKED",
    "TIMEOUT",
}
"""States of a job that will not run again (squeue(1), "job state codes"). PREEMPTED is none of them: Slurm may queue
such a job again."""

SQUEUE_FORMAT = "%F|%K|%T|%j|%r"
"""Job id of the array, index of the task, its state, the job's name, and the reason why it is pending."""

DEFAULT_MAX_ARRAY_SIZE = 1001
"""Slurm's default of MaxArraySize. Task indices are below it."""

MAX_OUTPUT_CHARS = 500
"""Length to which the output of a command is cut in a message."""

TRANSIENT_ERRORS = (
    *("timed out", "unable to contact", "connection refused", "temporarily", "try again", "zero bytes", "slurmdbd"),
    *("connection reset", "not responding"),
)
"""Parts of the messages that Slurm prints when its controller does not answer. Another call may succeed."""

QUEUE_FULL = "unable to accept job"
"""Part of the message that sbatch prints while Slurm has as many jobs as it can (MaxJobCount)."""

SUBMIT_LIMIT = "job submit limit"
"""Part of the message with which Slurm refuses more jobs than a user may have (MaxSubmitJobs, also of a QOS)."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """The state of one task of a job array in Slurm."""

    state: str
    reason: str
    """Slurm's word for why it is pending, such as `Resources`."""

    @property
    def has_ended(self) -> bool:
        """Whether it will not run again."""
        return self.state in ENDED_STATES


class SlurmError(Exception):
    """A command of Slurm has failed. The message is the command's output, on one line."""

    @property
    def is_transient(self) -> bool:
        """Whether the controller did not answer. Otherwise it has refused the request."""
        said = str(self).lower()
        return QUEUE_FULL not in said and any(words in said for words in TRANSIENT_ERRORS)

    @property
    def is_submit_limit(self) -> bool:
        """Whether Slurm refused the number of jobs, and may take fewer."""
        return SUBMIT_LIMIT in str(self).lower()


QueueState = Mapping[str, Mapping[int, Mapping[int, Task]]]
"""A job's name → the array's job id → the task's index → the task."""


def tasks(names: Collection[str]) -> QueueState:
    """All tasks that Slurm knows of arrays with these names. Slurm forgets a task some minutes after its end.

    Raises:
        SlurmError: it does not answer.
        EngineError: as `command`.
    """
    if not names:
        return {}
    words = ["--noheader", "--array", "--states=all", f"--user={os.getuid()}", f"--format={SQUEUE_FORMAT}"]
    return parsed(command("squeue", *words, f"--name={','.join(sorted(names))}"))


def parsed(text: str) -> QueueState:
    """The output of squeue in `SQUEUE_FORMAT`."""
    found: dict[str, dict[int, dict[int, Task]]] = {}
    for line in text.splitlines():
        array, index, state, name, reason = line.strip().split("|", 4)
        if index.isdigit():
            found.setdefault(name, {}).setdefault(int(array), {})[int(index)] = Task(state=state, reason=reason)
    return found


def cancel(ids: Collection[str]) -> None:
    """Cancels jobs, or tasks such as `12_3`. Has no effect on those that have ended.

    Raises:
        SlurmError: Slurm does not answer.
        EngineError: as `command`.
    """
    if ids:
        command("scancel", "--quiet", *sorted(ids))


def requeue(job_id: str) -> None:
    """Makes Slurm end a running job and queue it again.

    Raises:
        SlurmError: Slurm does not answer, or refuses.
        EngineError: as `command`.
    """
    command("scontrol", "requeue", job_id)


def max_array_tasks() -> int:
    """How many tasks a job array may have; Slurm's default if Slurm does not say."""
    try:
        found = re.search(r"^MaxArraySize\s*=\s*(\d+)", command("scontrol", "show", "config"), re.MULTILINE)
    except SlurmError:
        found = None
    return max(int(found[1]) if found else DEFAULT_MAX_ARRAY_SIZE, 2) - 1


def partitions() -> tuple[str, ...]:
    """The names of the partitions; none if Slurm does not answer."""
    try:
        return tuple(sorted({line.strip() for line in command("sinfo", "--noheader", "--format=%R").splitlines()}))
    except SlurmError:
        return ()


def version() -> str:
    """Slurm's name and version, as sbatch prints them.

    Raises:
        SlurmError: Slurm does not answer.
        EngineError: as `command`.
    """
    return command("sbatch", "--version").strip()


def environment() -> dict[str, str]:
    """The environment of Slurm's commands: this process's, without the variables of a Slurm job that it may run in.

    A new job would inherit the resources that they name.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SLURM_", "SQUEUE_")) or name == "SLURM_CONF"
    }


def command(
    program: str,
    *words: str,
    keep_open: Sequence[int] = (),
    folder: str | None = None,
    limit_s: float | None = None,
) -> str:
    """Runs a command of Slurm and returns its stdout. Ctrl-C does not interrupt it.

    Args:
        program: Its name.
        *words: Its arguments.
        keep_open: File descriptors that it inherits.
        folder: Its working directory; None: that of this process.
        limit_s: Time after which it is killed; None: `COMMAND_LIMIT_S`.

    Raises:
        SlurmError: it fails, or has not ended in time.
        EngineError: there is no such program here.
    """
    if (path := shutil.which(program)) is None:
        raise EngineError(
            f"engine=slurm finds no {program} on the path: this machine is no part of a Slurm cluster, or the "
            "cluster's module is not loaded. Run the command where jobs are submitted, or choose engine=local."
        )
    limit_s = limit_s or COMMAND_LIMIT_S
    with interruption_deferred():
        try:
            done = subprocess.run(
                [path, *words],
                check=False,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=limit_s,
                env=environment(),
                cwd=folder,
                pass_fds=keep_open,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired as error:
            raise SlurmError(f"{program} timed out: it had not answered after {limit_s:g} s") from error
    if done.returncode:
        raise SlurmError(
            on_one_line(done.stderr) or on_one_line(done.stdout) or f"{program} ended with exit code {done.returncode}"
        )
    return done.stdout


def on_one_line(text: str) -> str:
    """The output of a command on one line, for a message."""
    return " ".join(text.split())[:MAX_OUTPUT_CHARS].rstrip(".")
