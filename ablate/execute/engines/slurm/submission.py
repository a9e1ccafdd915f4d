"""The submission of a batch as a job array: the options of sbatch, the script of a task, and the call of sbatch.

submitit 1.5.4 is not used. With it, guarantees of this engine would not hold, as its source shows:

- It calls sbatch first, and afterwards renames the files that the tasks read, by the job id that sbatch has printed.
  If the driver dies in between, the tasks fail after a minute, and the next driver does not know their job id.
- It asks only sacct for the state of a job. Without Slurm's accounting database it waits for a lost job for ever.
- The process that trains handles Slurm's signals in Python, and so handles none while it computes in C.
- The driver unpickles the result of a job, so whoever can write to a study's directory can execute code in the driver.
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
from ablate.execute.engines.slurm import commands
from ablate.execute.engines.slurm.batch import FOLDER, LOCK, Batch
from ablate.store import atomic

SCRIPT = "script.sh"

TIME_LIMIT_WARNING_S = 60
"""Time before the end of a task's time limit at which Slurm sends it SIGUSR1; half of the limit if that is less."""

SUBMIT_ATTEMPTS = 5
"""Calls of sbatch, at most, if the controller does not answer."""

SUBMIT_PAUSE_S = 5.0
"""Time between two such calls."""


class SubmitLimitError(EngineError):
    """Slurm refuses to take that many jobs of this user."""


@dataclass(frozen=True, kw_only=True)
class Resources:
    """The resources that each task requests. None: the default of the partition or of the user's environment."""

    threads: int
    partition: str | None = None
    time_min: int | None = None
    memory_gb: float | None = None
    gpus: int = 0
    constraint: str | None = None
    options: tuple[str, ...] = ()
    """Further options of sbatch. They come last and take precedence."""

    def words(self) -> list[str]:
        """The options of sbatch that request them."""
        words = ["--nodes=1", "--ntasks=1", f"--cpus-per-task={self.threads}", "--requeue", "--export=ALL"]
        if self.partition is not None:
            words.append(f"--partition={self.partition}")
        if self.time_min is not None:
            words.append(f"--time={self.time_min}")
            words.append(f"--signal=B:USR1@{min(TIME_LIMIT_WARNING_S, 30 * self.time_min)}")
        else:
            words.append(f"--signal=B:USR1@{TIME_LIMIT_WARNING_S}")
        if self.memory_gb is not None:
            words.append(f"--mem={max(round(self.memory_gb * 1024), 1)}M")
        if self.gpus:
            words.append(f"--gpus={self.gpus}")
        if self.constraint is not None:
            words.append(f"--constraint={self.constraint}")
        return [*words, *self.options]


def check(resources: Resources) -> None:
    """Asks Slurm whether it would accept a job with these resources. Submits none.

    Raises:
        EngineError: Slurm would refuse it, or does not answer.
    """
    with _explained(resources):
        commands.command("sbatch", "--test-only", "--quiet", *resources.words(), "--wrap=true")


def submit(
    batch: Batch,
    resources: Resources,
    *,
    setup: Sequence[str],
    python: str,
    after: int | None = None,
) -> int:
    """Submits a batch as one job array, once, and returns its job id.

    sbatch inherits the lock on submissions and holds it until it has ended, even if this process dies before. So the
    queue shows whether the batch was submitted to any process that reads it under the lock.

    Args:
        batch: The batch, which is on disk.
        resources: The resources of each task.
        setup: Lines of bash that each task executes first.
        python: The Python that the nodes execute.
        after: The job id of an array that has to end before this one starts.

    Raises:
        SubmitLimitError: Slurm refuses that many jobs.
        EngineError: Slurm refuses it, or does not answer.
        StoreError: the script cannot be written.
    """
    folder = batch.folder.absolute()
    atomic.write(folder / SCRIPT, script(folder, batch.payload_digest(), setup=setup, python=python).encode())
    words = [
        *("--parsable", f"--job-name={batch.name}", f"--chdir={Path.cwd()}"),
        *("--open-mode=append", f"--output={_escaped(folder)}/%a.log"),
        *resources.words(),
        f"--array=0-{len(batch.description.tasks) - 1}%{batch.description.cap}",
        *([] if after is None else [f"--dependency=afterany:{after}"]),
        str(folder / SCRIPT),
    ]
    with locked(batch.folder.parent.parent) as lock, _explained(resources):
        for attempt in range(1, SUBMIT_ATTEMPTS + 1):
            try:
                output = commands.command("sbatch", *words, keep_open=lock, limit_s=commands.SBATCH_LIMIT_S)
                job_id = int(output.strip().split(";")[0])
                break
            except commands.SlurmError as error:
                if not error.is_transient:
                    raise
                if (found := find(batch)) is not None:  # the controller has accepted it, but its reply was lost
                    job_id = found
                    break
                if attempt == SUBMIT_ATTEMPTS:
                    raise
                time.sleep(SUBMIT_PAUSE_S)
        else:
            raise AssertionError
    batch.note_submitted(job_id)
    return job_id


def find(batch: Batch) -> int | None:
    """The job id of the array that trains a batch, from its folder, else from Slurm; None: it was not submitted.

    Raises:
        SlurmError: Slurm does not answer.
        EngineError: as `commands.command`.
    """
    if (known := batch.job_id) is not None:
        return known
    arrays = commands.tasks([batch.name]).get(batch.name, {})
    living = [array for array, tasks in arrays.items() if not all(task.has_ended for task in tasks.values())]
    return min(living, default=None)


@contextmanager
def locked(directory: Path) -> Iterator[tuple[int, ...]]:
    """Holds the lock on the submissions of a study, if the file system has locks; yields the lock's file descriptor."""
    path = directory / FOLDER / LOCK
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield (descriptor,)
    finally:
        os.close(descriptor)


def script(folder: Path, digest: str, *, setup: Sequence[str], python: str) -> str:
    """The bash script that a node executes for each task."""
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
    except commands.SlurmError as error:
        kind = SubmitLimitError if error.is_submit_limit else EngineError
        raise kind(_explanation(resources, error)) from error


def _explanation(resources: Resources, error: commands.SlurmError) -> str:
    said = str(error).removeprefix("sbatch: ").removeprefix("error: ")
    if error.is_transient:
        return f"engine=slurm: Slurm does not answer: {said}. `sinfo` says whether it runs. Run the same command again."
    if "partition" in said.lower() and resources.partition is not None:
        there = ", ".join(commands.partitions())
        return f"engine.partition={resources.partition}: Slurm refuses the jobs: {said}. " + (
            f"Its partitions: {there}." if there else "`sinfo` lists its partitions."
        )
    return (
        f"engine=slurm: Slurm refuses the jobs: {said}. They ask for: {' '.join(resources.words())}. The engine's "
        "settings say what they ask for (conf/engine/slurm.yaml), as engine.time_min, engine.memory_gb and "
        "engine.options."
    )
