"""160 small nets with several numbers of workers: the seconds that were planned, and those that it took.

`python -m tests.gpu.workers ACCELERATOR COUNT` is one of them, a process of its own. `auto` leaves both to the planner.
"""

import json
import subprocess
import sys
import time

from ablate.execute.process.hardware import cores
from tests.gpu._stage import Findings, seconds_left
from tests.gpu._study import run as run_study

TRIED = {
    "cuda": (
        *(("gpu", "4"), ("auto", "auto"), ("cpu", str(cores()))),
        *(("gpu", "2"), ("gpu", "1"), ("gpu", "8"), ("gpu", "16")),
    ),
    "cpu": (("cpu", "2"), ("auto", "auto")),
}
"""Accelerators and numbers of workers, what is of most use first: others may be left out for want of time."""

STUDY = {"cuda": ("five_factors",), "cpu": ("smoke",)}
"""On the CPU only the command is tried."""

RESERVE_S = 3


def run(device: str) -> Findings:
    """A row for each accelerator and number of workers."""
    rows, said, longest, left_out = [], [], 0.0, []
    for accelerator, count in TRIED[device]:
        if seconds_left("workers", device) < longest + RESERVE_S:
            left_out.append(f"{count} on {accelerator}")
            continue
        began = time.monotonic()
        row, chosen = _taken(accelerator, count, STUDY[device], limit_s=seconds_left("workers", device) - RESERVE_S)
        longest = max(longest, time.monotonic() - began)
        rows.append((accelerator, count, *row))
        said += chosen
    notes = [*dict.fromkeys(said)]
    notes += [f"For want of time not tried: {', '.join(left_out)}."] if left_out else []
    notes += ["Of smoke, on a CPU: no figure of a GPU."] if device == "cpu" else []
    headers = (
        *("trainer.accelerator", "engine.workers", "trained on", "trials", "states"),
        *("planned s, training", "taken s, whole command"),
    )
    return Findings(state="measured", headers=headers, rows=rows, notes=notes)


def _taken(
    accelerator: str, count: str, words: tuple[str, ...], *, limit_s: float
) -> tuple[tuple[str, str, str, str, str], list[str]]:
    """Where it trained, how many trials, their states, planned and taken seconds; and what the planner said of both."""
    command = [sys.executable, "-m", "tests.gpu.workers", accelerator, count, *words]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=limit_s)
    except subprocess.TimeoutExpired:
        return ("", "", "", "", f"not done after {limit_s:.0f}"), []
    if ended.returncode:
        return ("", "", "failed", "", (ended.stderr.strip().splitlines() or ["nothing was said"])[-1][:200]), []
    trained_on, trials, states, planned_s, taken_s, said = json.loads(ended.stdout.strip().splitlines()[-1])
    planned = "unknown" if planned_s is None else f"{planned_s:.1f}"
    return (trained_on, str(trials), states, planned, f"{taken_s:.1f}"), said


def main(accelerator: str, count: str, *words: str) -> None:
    """Prints devices, the number of trials, their states, the seconds planned and taken, and the choice of `auto`."""
    began = time.monotonic()
    heard = run_study((*words, "engine=local", f"engine.workers={count}"), accelerator)
    states = ", ".join(sorted({record.state for record in heard.records}))
    devices = ", ".join(sorted({record.provenance.device for record in heard.records if record.provenance}))
    chosen = [message for message in heard.messages if message.startswith("The study trains on ")]
    taken_s = time.monotonic() - began
    print(json.dumps([devices, len(heard.records), states, heard.planned_s, taken_s, chosen]))


if __name__ == "__main__":
    main(*sys.argv[1:])
