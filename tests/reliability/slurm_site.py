"""A Slurm cluster of one node, from `tests/slurm/one_node`: its jobs are cancelled, pre-empted and run out of time."""

import random
import shutil
from collections.abc import Sequence

import psutil

from ablate.execute.engines.slurm import commands
from tests.reliability.command import Command
from tests.reliability.ray_site import workers
from tests.reliability.site import Fault, Site, signalled

RUNNING = 2
"""Jobs at a time."""

RETRIES = 3
"""As in `ray_site`."""

URGENT = ("--partition=urgent", "--cpus-per-task=4", "--output=/dev/null", "--wrap=sleep 1")
"""A job of a partition of higher priority, which takes the whole node."""


class SlurmSite(Site):
    """`engine=slurm`: a driver or a training is killed, and jobs are cancelled, pre-empted or run out of time."""

    engine = "slurm"
    studies = ("alone", "stacked")
    victims = ("driver", "worker", "job")
    weights = (1, 3, 5)
    actions = ("SIGKILL", "SIGTERM", "SIGINT", "cancelled", "pre-empted", "out of time")
    jobs_outlive_driver = True

    @property
    def words(self) -> tuple[str, ...]:
        return (
            *("engine=slurm", f"engine.array_parallelism={RUNNING}", "engine.memory_gb=2", "engine.poll_s=0.5"),
            *("engine.checkpoint_min=0.001", f"engine.retries={RETRIES}"),
        )

    def is_ready(self, command: Command) -> bool:
        return bool(workers(command))

    def fault(self, command: Command, rng: random.Random) -> Fault | None:
        (role,) = rng.choices(self.victims, self.weights)
        action = rng.choice({"driver": self.actions[:3], "worker": self.actions[:2], "job": self.actions[3:]}[role])
        if role == "worker":
            training = workers(command)
            return signalled(role, action, rng.choice(training)) if training else None
        running = jobs("RUNNING", "--partition=main")
        if not running:
            return None
        if role == "driver":
            return signalled(role, action, psutil.Process(command.process.pid))
        job = rng.choice(running)
        words = {
            "cancelled": ("scancel", job),
            "pre-empted": ("sbatch", "--parsable", *URGENT),
            # The signal that it gets before the end of its time: Slurm itself compares times every 30 s.
            "out of time": ("scancel", "--batch", "--signal=USR1", job),
        }[action]
        return Fault(victim=role, action=action, do=lambda: send(words, job))

    def left(self) -> Sequence[str]:
        return [f"job {job}" for job in jobs()]


def send(words: Sequence[str], job: str) -> None:
    """Sends Slurm a command about a job.

    Raises:
        psutil.NoSuchProcess: the job has ended by itself.
    """
    try:
        commands.command(*words)
    except commands.SlurmError as error:
        raise psutil.NoSuchProcess(int(job.partition("_")[0])) from error


def jobs(state: str | None = None, *words: str) -> list[str]:
    """The ids of all jobs, or of those in a state.

    Args:
        state: Slurm's name of the state.
        *words: Further options of squeue.
    """
    lines = commands.command("squeue", "--noheader", "--array", "--format=%i %T", *words).splitlines()
    return sorted(line.split()[0] for line in lines if state is None or line.split()[1] == state)


def is_running() -> bool:
    """Whether Slurm answers on this machine."""
    if shutil.which("squeue") is None:
        return False
    try:
        jobs()
    except commands.SlurmError:
        return False
    return True
