"""`core` with several numbers of workers: the seconds that were planned, and those that it took."""

import time

from ablate.execute.process.hardware import cores
from tests.gpu._stage import STAGES, Findings
from tests.gpu._study import run as run_study

COUNTS = {"cuda": (4, 2, 1, 8, 16), "cpu": (2, 1)}
"""Numbers of workers, the likely best first: others may be left out for want of time."""

WORDS = ("core", "engine=local")
LIMIT_S = next(stage.limit_s for stage in STAGES if stage.name == "workers") - 5


def run(device: str) -> Findings:
    """A row for each number of workers."""
    rows, began, longest, left_out = [], time.monotonic(), 0.0, []
    small = ("replicates=1", "trainer.max_epochs=2", "study.claims=[]") if device == "cpu" else ()
    asked = [(device, count) for count in COUNTS[device]] + ([("cpu", cores())] if device == "cuda" else [])
    for where, count in asked:
        if time.monotonic() - began + longest > LIMIT_S:
            left_out.append(f"{count} on {where}")
            continue
        at = time.monotonic()
        heard = run_study((*WORDS, *small, f"engine.workers={count}"), where)
        took = time.monotonic() - at
        longest = max(longest, took)
        states = {record.state for record in heard.records}
        planned = "unknown" if heard.planned_s is None else f"{heard.planned_s:.1f}"
        rows.append((where, str(count), str(len(heard.records)), ", ".join(sorted(states)), planned, f"{took:.1f}"))
    notes = [f"For want of time not tried: {', '.join(left_out)}."] if left_out else []
    headers = ("device", "workers", "trials", "states", "planned s, training", "taken s, whole command")
    return Findings(state="measured", headers=headers, rows=rows, notes=notes)
