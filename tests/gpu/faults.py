"""Trials that fail on the device: a shortage of memory, and an assertion in a kernel. The others must complete."""

from tests.gpu._stage import Findings, checked
from tests.gpu._study import ACCELERATOR
from tests.gpu._study import run as run_study

WORDS = (
    *("plain", "model=gpu_faulty", "trainer.max_epochs=1"),
    *("engine=local", "engine.workers=1", "replicates=2", "trainer.diagnostics=false"),
)


def run(device: str) -> Findings:
    """A row for each fault: its trials fail, those of the network beside it complete."""
    rows = []
    for fault in ("memory", "assert"):
        records = run_study((*WORDS, f"model.fault=none,{fault}"), ACCELERATOR[device]).records
        states = [(r.levels["model.fault"], r.state) for r in records]
        right = sorted(states) == sorted([("none", "complete")] * 2 + [(fault, "failed")] * 2)
        rows.append((fault, ", ".join(f"{level}: {state}" for level, state in sorted(states)), "ok" if right else "no"))
    return checked(("fault", "states", ""), rows)
