"""A profile of one stack's steps."""

import torch
from torch.profiler import ProfilerActivity, profile

from ablate.execute.process.isolation import isolated_process
from ablate.execute.stack.member import Member
from ablate.execute.stack.stacked_module import StackedModule
from tests.gpu._stage import Findings
from tests.gpu._study import trials

MEMBERS = {"cuda": 20, "cpu": 4}
STEPS = {"cuda": 10, "cpu": 2}
ROWS = 15


def run(device: str) -> Findings:
    """The operations that take longest, by their own time on the device."""
    count, steps = MEMBERS[device], STEPS[device]
    with isolated_process(threads=1):
        members = [Member.of(trial.config, trial.streams) for trial in trials(("model=mlp",), count)]
        chunk = torch.stack([next(iter(m.chunks))[: steps + 1] for m in members], dim=1).to(device)
        stack = StackedModule(members).to(device)
        optimizer = stack.configure_optimizers()
        stack.take_steps(optimizer, chunk[:1])
        kinds = [ProfilerActivity.CPU] + ([ProfilerActivity.CUDA] if device == "cuda" else [])
        with profile(activities=kinds) as profiled:
            stack.take_steps(optimizer, chunk[1:])
            if device == "cuda":
                torch.cuda.synchronize()

    def own(event: object) -> float:
        return float(getattr(event, f"self_{'device' if device == 'cuda' else 'cpu'}_time_total"))

    events = sorted(profiled.key_averages(), key=own, reverse=True)[:ROWS]
    total = sum(map(own, profiled.key_averages())) or 1.0
    rows = [
        (e.key[:60], str(e.count // steps), f"{own(e) / steps:.0f}", f"{100 * own(e) / total:.0f}%") for e in events
    ]
    notes = [f"{count} dense nets, stacked."]
    notes += ["Computed on a CPU: no figure of a GPU."] if device == "cpu" else []
    headers = ("operation", "calls a step", "own µs a step", "share")
    return Findings(state="measured", headers=headers, rows=rows, notes=notes)
