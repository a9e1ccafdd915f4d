"""Slurm's own commands: what they are asked, and what they answer."""

import os
import re
import shutil
import subprocess
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ablate.errors import EngineError
from ablate.execute.process.interruption import interruption_deferred

ANSWER_S = 60.0
"""Time in which a command of Slurm has answered. A controller that is busy is asked again."""

ENDED = {
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
"""States of a job that runs no more, and will not (squeue(1), "job state codes"). In any other it may, as in PREEMPTED:
it may be queued again."""

FORMAT = "%F|%K|%T|%j|%r"
"""Of squeue: the array's job id, the task's index, its state, the job's name, why it waits."""

LARGEST_ARRAY = 1001
"""Slurm's own default of MaxArraySize: indices are below it."""

LONGEST_SAID = 500
"""Characters of what Slurm says that a message has."""

LOOSE = (
    *("timed out", "unable to contact", "connection refused", "temporarily", "try again", "zero bytes", "slurmdbd"),
    *("connection reset", "not responding"),
)
"""What Slurm says where its controller does not answer, which may pass."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One task of a job array, as Slurm has it."""

    state: str
    reason: str
    """Why it waits, in Slurm's word."""

    @property
    def has_ended(self) -> bool:
        """Whether it will run no more."""
        return self.state in ENDED


class SlurmError(Exception):
    """A command of Slurm has failed. The message is what it said, on one line."""

    @property
    def may_pass(self) -> bool:
        """Whether the controller did not answer, rather than refuse."""
        return any(word in str(self).lower() for word in LOOSE)


Found = Mapping[str, Mapping[int, Mapping[int, Task]]]
"""A job's name → the array's job id → the task's index → the task."""


def tasks(names: Collection[str]) -> Found:
    """All tasks of the arrays of these names that Slurm knows: those that ended some minutes ago it does not.

    Raises:
        SlurmError: it does not answer.
        EngineError: as `command`.
    """
    if not names:
        return {}
    words = ["--noheader", "--array", "--states=all", f"--user={os.getuid()}", f"--format={FORMAT}"]
    return parsed(command("squeue", *words, f"--name={','.join(sorted(names))}"))


def parsed(text: str) -> Found:
    """What squeue has written in the format above."""
    found: dict[str, dict[int, dict[int, Task]]] = {}
    for line in text.splitlines():
        array, index, state, name, reason = line.strip().split("|", 4)
        if index.isdigit():
            found.setdefault(name, {}).setdefault(int(array), {})[int(index)] = Task(state=state, reason=reason)
    return found


def cancel(ids: Collection[str]) -> None:
    """Cancels jobs, or tasks such as `12_3`. Those that have ended already are none the worse.

    Raises:
        SlurmError: Slurm does not answer.
        EngineError: as `command`.
    """
    if ids:
        command("scancel", "--quiet", *sorted(ids))


def requeue(job_id: str) -> None:
    """Ends this job, which is then queued again.

    Raises:
        SlurmError: Slurm does not answer, or refuses.
        EngineError: as `command`.
    """
    command("scontrol", "requeue", job_id)


def largest_array() -> int:
    """How many tasks an array may have."""
    try:
        found = re.search(r"^MaxArraySize\s*=\s*(\d+)", command("scontrol", "show", "config"), re.MULTILINE)
    except SlurmError:
        found = None
    return max(int(found[1]) if found else LARGEST_ARRAY, 2) - 1


def partitions() -> tuple[str, ...]:
    """The names of the partitions; none where Slurm does not answer."""
    try:
        return tuple(sorted({line.strip() for line in command("sinfo", "--noheader", "--format=%R").splitlines()}))
    except SlurmError:
        return ()


def version() -> str:
    """As Slurm says it."""
    return command("sbatch", "--version").strip()


def environment() -> dict[str, str]:
    """This process's, without what a job that it runs in has of its own: a new job would take that for its wishes."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SLURM_", "SQUEUE_")) or name == "SLURM_CONF"
    }


def command(program: str, *words: str, keep_open: Sequence[int] = (), folder: str | None = None) -> str:
    """Runs a command of Slurm, and returns what it writes. Ctrl-C does not reach it.

    Args:
        program: Its name.
        *words: Its arguments.
        keep_open: File descriptors that it inherits.
        folder: In which it runs.

    Raises:
        SlurmError: it fails, or has not ended in time.
        EngineError: there is no such program here.
    """
    if (path := shutil.which(program)) is None:
        raise EngineError(
            f"engine=slurm finds no {program} on the path: this machine is no part of a Slurm cluster, or the "
            "cluster's module is not loaded. Run the command where jobs are submitted, or choose engine=local."
        )
    with interruption_deferred():
        try:
            done = subprocess.run(
                [path, *words],
                check=False,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=ANSWER_S,
                env=environment(),
                cwd=folder,
                pass_fds=keep_open,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired as error:
            raise SlurmError(f"{program} timed out: it had not answered after {ANSWER_S:g} s") from error
    if done.returncode:
        raise SlurmError(said(done.stderr) or said(done.stdout) or f"{program} ended with exit code {done.returncode}")
    return done.stdout


def said(text: str) -> str:
    """What a command has written, on one line."""
    return " ".join(text.split())[:LONGEST_SAID].rstrip(".")
