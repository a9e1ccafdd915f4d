"""The table of simulated studies, in Markdown."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.simulation.engine import COUNTED, TRAINING_S
from tests.simulation.simulation import POINTS, Simulation

FINDINGS = Path(__file__).with_name("findings.md")
"""What limits a study, and what was done about it, written by hand: it goes below the tables."""


def report(found: Sequence[Simulation]) -> Iterator[str]:
    """The tables, and the findings."""
    low, high = TRAINING_S
    yield "# Scale, simulated"
    yield ""
    yield (
        f"Studies of {POINTS} design points on {found[0].workers:,} workers, by the driver of `ablate run`. "
        "The workers are simulated in its process: each trial is a job of its own and takes "
        f"{low:g} to {high:g} s of simulated time. The files of the first {COUNTED:,} are written by the code that "
        "writes them after a training, but not synced, and there the operations of workers are counted; those of the "
        "others have the same content. The processor time that the driver takes is measured "
        f"({os.cpu_count()} cores), and is part of the simulated time. `python -m tests.simulation "
        f"{' '.join(str(each.trials) for each in found)}` makes these tables anew."
    )
    yield ""
    yield from _table(
        ("trials", "driver's peak memory", "over the row above", "makespan", "ideal", "driver busy", "a trial"),
        [
            (
                f"{each.trials:,}",
                f"{each.peak_bytes / 1e6:.0f} MB",
                "–" if before is None else f"{each.peak_bytes / before.peak_bytes:.3f}×",
                f"{each.makespan_s:,.0f} s",
                f"{each.ideal_s:,.0f} s",
                f"{each.driver_s:.1f} s",
                f"{1e3 * each.driver_s / each.trials:.2f} ms",
            )
            for before, each in zip([None, *found], found, strict=False)
        ],
    )
    yield ""
    yield (
        "Makespan: from the first start to the last end. Ideal: if no worker ever waited. At the end of a study some "
        "have nothing to do."
    )
    yield ""
    yield from _table(
        (
            *("trials", "files", "entries of the study's folder", "of `trials/`", "of a trial's folder, at most"),
            *("operations of a worker, each trial", "of the driver, each trial", "all, each second"),
        ),
        [
            (
                *(f"{each.trials:,}", f"{each.files:,}", f"{each.study_entries}", f"{each.folder_entries:,}"),
                *(f"{each.trial_entries}", f"{each.per_trial('worker'):.1f}", f"{each.per_trial('driver'):.1f}"),
                f"{each.per_second:,.0f}",
            )
            for each in found
        ],
    )
    yield ""
    yield (
        "Operations on the file system: "
        + "; ".join(
            f"of a {who} "
            + ", ".join(f"{count:.1f} {name}" for name, count in found[-1].each(who).items() if count >= 0.05)
            for who in ("worker", "driver")
        )
        + f" (each trial, of {found[-1].trials:,}). A read or a write goes with each open. Where trainings take "
        "longer, there are fewer a second."
    )
    if FINDINGS.is_file():
        yield ""
        yield FINDINGS.read_text(encoding="utf-8").rstrip()


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---:|' * len(heads)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
