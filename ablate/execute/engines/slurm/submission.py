"""How a batch becomes a job array of Slurm: the options of sbatch, the script of a task, and the call itself.

Not by submitit 1.5.4, whose source says that this engine's promises would not hold with it:

- It calls sbatch first, and then renames what the array's tasks are to read, by the id that sbatch has answered. A
  driver that dies in between leaves tasks that fail after a minute, under an id that nobody knows.
- It learns a job's state from sacct alone: without Slurm's accounting database, a job that is lost is waited for.
- The process that trains handles Slurm's signals, in Python: while it computes in C, it handles none.
- The driver unpickles what a job has answered: whoever can write a study's directory executes code in it.
"""

import fcntl
import os
import shlex
import site
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import ablate
from ablate.errors import EngineError
from ablate.execute.engines.slurm import queue
from ablate.execute.engines.slurm.batch import FOLDER, LOCK, Batch
from ablate.store import atomic

SCRIPT = "script.sh"

SIGNAL_S = 60
"""Time between a task's signal that its time runs out, and its end; half of its time if that is less."""

TRIES = 5
"""Times that sbatch is called where the controller does not answer."""

PAUSE_S = 5.0
"""Before it is called again."""


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What each task asks of Slurm. None: what the partition, or the user's environment, says."""

    threads: int
    partition: str | None = None
    time_min: int | None = None
    memory_gb: float | None = None
    gpus: int = 0
    constraint: str | None = None
    options: tuple[str, ...] = ()
    """Of sbatch. They are given last: they take precedence."""

    def words(self) -> list[str]:
        """As options of sbatch."""
        words = ["--nodes=1", "--ntasks=1", f"--cpus-per-task={self.threads}", "--requeue", "--export=ALL"]
        if self.partition is not None:
            words.append(f"--partition={self.partition}")
        if self.time_min is not None:
            words.append(f"--time={self.time_min}")
            words.append(f"--signal=B:USR1@{min(SIGNAL_S, 30 * self.time_min)}")
        else:
            words.append(f"--signal=B:USR1@{SIGNAL_S}")
        if self.memory_gb is not None:
            words.append(f"--mem={max(round(self.memory_gb * 1024), 1)}M")
        if self.gpus:
            words.append(f"--gpus={self.gpus}")
        if self.constraint is not None:
            words.append(f"--constraint={self.constraint}")
        return [*words, *self.options]


def check(resources: Resources) -> None:
    """Asks Slurm whether it would take such a job. None is submitted.

    Raises:
        EngineError: it would not, or does not answer.
    """
    with _explained(resources):
        queue.command("sbatch", "--test-only", "--quiet", *resources.words(), "--wrap=true")


def submit(
    batch: Batch,
    resources: Resources,
    *,
    setup: Sequence[str],
    python: str,
    after: int | None = None,
) -> int:
    """Submits a batch as one job array, once, and returns its job id.

    A lock is held until sbatch has ended, even if this process has: who reads the queue under it knows whether the
    batch was submitted.

    Args:
        batch: Is on disk.
        resources: Of each task.
        setup: Lines of bash that a task executes first.
        python: Of the nodes.
        after: The array that must have ended before this one starts.

    Raises:
        EngineError: Slurm refuses it, or does not answer.
        StoreError: the script cannot be written.
    """
    folder = batch.folder.absolute()
    atomic.write(folder / SCRIPT, script(folder, batch.digest(), setup=setup, python=python).encode())
    words = [
        *("--parsable", f"--job-name={batch.name}", f"--chdir={Path.cwd()}"),
        *("--open-mode=append", f"--output={_escaped(folder)}/%a.log"),
        *resources.words(),
        f"--array=0-{len(batch.description.tasks) - 1}%{batch.description.cap}",
        *([] if after is None else [f"--dependency=afterany:{after}"]),
        str(folder / SCRIPT),
    ]
    with locked(batch.folder.parent.parent) as lock, _explained(resources):
        for attempt in range(1, TRIES + 1):
            try:
                answer = queue.command("sbatch", *words, keep_open=lock)
                job_id = int(answer.strip().split(";")[0])
                break
            except queue.SlurmError as error:
                if not error.may_pass:
                    raise
                if (found := find(batch)) is not None:  # it has taken the batch, and could not say so
                    job_id = found
                    break
                if attempt == TRIES:
                    raise
                time.sleep(PAUSE_S)
        else:
            raise AssertionError
    batch.note_submitted(job_id)
    return job_id


def find(batch: Batch) -> int | None:
    """The id of the array that trains a batch, as its folder says, or Slurm; None: it was not submitted.

    Raises:
        SlurmError: Slurm does not answer.
        EngineError: it is not on this machine.
    """
    if (known := batch.job_id) is not None:
        return known
    arrays = queue.tasks([batch.name]).get(batch.name, {})
    living = [array for array, tasks in arrays.items() if not all(task.has_ended for task in tasks.values())]
    return min(living, default=None)


@contextmanager
def locked(directory: Path) -> Iterator[tuple[int, ...]]:
    """Holds the lock on submissions of a study; yields its file descriptor, if the file system has locks."""
    path = directory / FOLDER / LOCK
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield (descriptor,)
    finally:
        os.close(descriptor)


def script(folder: Path, digest: str, *, setup: Sequence[str], python: str) -> str:
    """What a node executes for a task."""
    lines = ["#!/bin/bash", f"cd -- {shlex.quote(str(Path.cwd()))} || exit 1"]
    package = str(Path(ablate.__file__).parent.parent)
    if package not in (*site.getsitepackages(), site.getusersitepackages()):
        lines.append(f"export PYTHONPATH={shlex.quote(package)}${{PYTHONPATH:+:$PYTHONPATH}}")
    program = f"{shlex.quote(python)} -P -m ablate.execute.engines.slurm.array_task"
    return "\n".join([*lines, *setup, f"exec {program} {shlex.quote(str(folder))} {digest}", ""])


def _escaped(folder: Path) -> str:
    return str(folder).replace("%", "%%")


@contextmanager
def _explained(resources: Resources) -> Iterator[None]:
    try:
        yield
    except queue.SlurmError as error:
        raise EngineError(_explanation(resources, str(error), error.may_pass)) from error


def _explanation(resources: Resources, said: str, may_pass: bool) -> str:
    said = said.removeprefix("sbatch: ").removeprefix("error: ")
    if may_pass:
        return f"engine=slurm: Slurm does not answer: {said}. `sinfo` says whether it runs. Run the same command again."
    if "partition" in said.lower() and resources.partition is not None:
        there = ", ".join(queue.partitions())
        return f"engine.partition={resources.partition}: Slurm refuses the jobs: {said}. " + (
            f"Its partitions: {there}." if there else "`sinfo` lists its partitions."
        )
    return (
        f"engine=slurm: Slurm refuses the jobs: {said}. They ask for: {' '.join(resources.words())}. The engine's "
        "settings say what they ask for (conf/engine/slurm.yaml), as engine.time_min, engine.memory_gb and "
        "engine.options."
    )
