"""What a stage is, and what it finds."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import psutil


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A stage: its module in `tests.gpu`, what it answers, and its time limits: on a GPU, and tried on a CPU."""

    name: str
    answers: str
    cuda_s: int
    cpu_s: int
    is_check: bool = True
    """Whether what measures begins only after it has passed."""

    def limit_s(self, device: str) -> int:
        """Of its whole process, imports included."""
        return self.cuda_s if device == "cuda" else self.cpu_s


STAGES = (
    Stage(name="versions", answers="Which versions, and is a GPU seen?", cuda_s=20, cpu_s=20),
    Stage(
        name="repeated", answers="Does a study come to the same bits twice, and on two workers?", cuda_s=45, cpu_s=60
    ),
    Stage(name="marked", answers="Do the tests marked gpu pass?", cuda_s=60, cpu_s=60),
    Stage(name="levels", answers="Does every shipped level train, deterministically?", cuda_s=80, cpu_s=120),
    Stage(
        name="double",
        answers="In double precision: stack and alone, CPU and device; does a step wait?",
        cuda_s=50,
        cpu_s=45,
    ),
    Stage(name="faults", answers="Does a trial that fails on the device cost no other?", cuda_s=40, cpu_s=45),
    Stage(name="steps", answers="How long does a step take, by width and way?", cuda_s=60, cpu_s=45, is_check=False),
    Stage(
        name="workers",
        answers="How long do 160 small nets take, by number of workers?",
        cuda_s=95,
        cpu_s=45,
        is_check=False,
    ),
    Stage(
        name="operations", answers="What does a stack's step spend its time on?", cuda_s=30, cpu_s=40, is_check=False
    ),
)
"""480 seconds together, on either. On a CPU few workers train the levels; most else is only tried there."""


def seconds_left(name: str, device: str) -> float:
    """Until a stage, which is this process, is ended. Its imports count."""
    limit_s = next(stage.limit_s(device) for stage in STAGES if stage.name == name)
    return limit_s - (time.time() - psutil.Process().create_time())


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What a stage has found. `rows`: of its table, below `headers`; `notes`: what was not tried, and why."""

    state: Literal["passed", "failed", "measured"]
    headers: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    notes: Sequence[str] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def checked(headers: Sequence[str], rows: Sequence[Sequence[str]], *, notes: Sequence[str] = ()) -> Findings:
    """Findings of a check, whose rows end with `ok` where they passed."""
    return Findings(
        state="passed" if all(row[-1] == "ok" for row in rows) else "failed", headers=headers, rows=rows, notes=notes
    )
