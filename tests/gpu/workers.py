"""`core` with several numbers of workers: the seconds that were planned, and those that it took.

`python -m tests.gpu.workers DEVICE COUNT` is one of them, a process of its own.
"""

import json
import subprocess
import sys
import time

from ablate.execute.process.hardware import cores
from tests.gpu._stage import Findings, seconds_left
from tests.gpu._study import run as run_study

COUNTS = {"cuda": (4, 2, 1, 8, 16), "cpu": (2, 1)}
"""Numbers of workers, the likely best first: others may be left out for want of time."""

STUDY = {"cuda": ("core",), "cpu": ("smoke",)}
"""On the CPU only the command is tried."""

RESERVE_S = 3


def run(device: str) -> Findings:
    """A row for each number of workers."""
    rows, longest, left_out = [], 0.0, []
    asked = [(device, count) for count in COUNTS[device]] + ([("cpu", cores())] if device == "cuda" else [])
    for where, count in asked:
        if seconds_left("workers") < longest + RESERVE_S:
            left_out.append(f"{count} on {where}")
            continue
        began = time.monotonic()
        found = _taken(where, count, STUDY[device], limit_s=seconds_left("workers") - RESERVE_S)
        longest = max(longest, time.monotonic() - began)
        rows.append((where, str(count), *found))
    notes = [f"For want of time not tried: {', '.join(left_out)}."] if left_out else []
    notes += ["Of smoke, on a CPU: no figure of a GPU."] if device == "cpu" else []
    headers = ("device", "workers", "trials", "states", "planned s, training", "taken s, whole command")
    return Findings(state="measured", headers=headers, rows=rows, notes=notes)


def _taken(device: str, count: int, words: tuple[str, ...], *, limit_s: float) -> tuple[str, str, str, str]:
    command = [sys.executable, "-m", "tests.gpu.workers", device, str(count), *words]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=limit_s)
    except subprocess.TimeoutExpired:
        return "", "", "", f"not done after {limit_s:.0f}"
    if ended.returncode:
        return "", "failed", "", (ended.stderr.strip().splitlines() or ["nothing was said"])[-1][:200]
    trials, states, planned_s, taken_s = json.loads(ended.stdout.strip().splitlines()[-1])
    return str(trials), states, "unknown" if planned_s is None else f"{planned_s:.1f}", f"{taken_s:.1f}"


def main(device: str, count: str, *words: str) -> None:
    """Prints the number of trials, their states, the seconds that were planned, and those that it took."""
    began = time.monotonic()
    heard = run_study((*words, "engine=local", f"engine.workers={count}"), device)
    states = ", ".join(sorted({record.state for record in heard.records}))
    print(json.dumps([len(heard.records), states, heard.planned_s, time.monotonic() - began]))


if __name__ == "__main__":
    main(*sys.argv[1:])
