"""Words of the messages in which engines name their jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ablate.plan.seeds import replicate_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ablate.execute.train.job import Job


def describe(job: Job) -> str:
    """The trials of a job: their number, or the id, levels and replicate of the only one."""
    if (count := len(job.bundle.trials)) > 1:
        return f"{count} trials"
    trial = job.bundle.trials[0]
    levels = "".join(f"{factor} {level}, " for factor, level in trial.point.levels.items())
    return f"trial {trial.id} ({levels}{replicate_name(trial.replicate)})"


def it_is(jobs: Sequence[Job]) -> str:
    """Subject and verb of a sentence about jobs named before: `It is`, or `3 of them are`."""
    return "It is" if len(jobs) == 1 else f"{len(jobs)} of them are"


def each_alone(jobs: Sequence[Job]) -> str:
    """The end of a sentence about jobs of one trial: `, each alone` if there are several."""
    return ", each alone" if len(jobs) > 1 else ""


def trained_again(jobs: Sequence[Job]) -> str:
    """What becomes of the trials of a worker that was lost."""
    from ablate.execute.train.job import under_way

    if len(jobs) == 1 and (kept := under_way(jobs[0])) is not None:
        they = "It goes on from its" if len(kept.trials) == 1 else "They go on as one from their"
        return f"{they} checkpoint after epoch {kept.epoch}."
    return f"{it_is(jobs)} trained again{each_alone(jobs)}."


def out_of_memory_message(jobs: Sequence[Job]) -> str:
    """The message about trials that ran out of memory; each has a job of its own."""
    who = describe(jobs[0]).capitalize() if len(jobs) == 1 else f"{len(jobs)} trials, each of which trained alone,"
    again = "It is" if len(jobs) == 1 else "They are"
    return f"{who} ran out of memory. {again} trained once more when no other trial trains."


def device_lost_message(job: Job, why: str, again: Sequence[Job]) -> str:
    """The message about a process that can use its device no longer, and the jobs that are trained again."""
    said = f"The device of {describe(job)} takes no more work from its process: {why}. The process is replaced."
    return f"{said} {it_is(again)} trained again{each_alone(again)}." if again else said


def no_other_process_message(why: str, *, recorded: int, failed: int, left: int) -> str:
    """The message of an engine without worker processes whose own process can use its device no longer."""
    rest = f"{left} are left" if left != 1 else "1 is left"
    return (
        f"The device takes no more work from this process: {why}. Of its trials, {recorded} are recorded, {failed} of "
        f"them as failed, and {rest}. Run the same command to go on, with engine=local: it replaces the process, and "
        "trains the others."
    )
