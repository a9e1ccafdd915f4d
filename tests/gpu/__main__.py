"""`python -m tests.gpu [cuda|cpu] [STAGE…]`: all stages, or those named. `--stage NAME` is one, in this process."""

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests import REPOSITORY
from tests.gpu._stage import STAGES, Findings, Stage
from tests.gpu.wheels import SITE, WHEELS, missing, unpack

TABLE = {"cuda": REPOSITORY / "results/benchmarks/gpu.md", "cpu": REPOSITORY / "build/gpu/cpu.md"}
"""Only what a GPU has computed is kept with the results."""

FIRST = STAGES[0]
"""Finds the GPU: on one, it precedes whatever is asked for. Where it fails, no figure would be a GPU's."""


def main(words: Sequence[str]) -> int:
    """Exit code: 0 where every stage passed or measured, 1 where one did not, 2 for a wrong word."""
    if words[:1] == ["--stage"]:
        name, device, file = words[1:]
        found: Findings = importlib.import_module(f"tests.gpu.{name}").run(device)
        Path(file).write_text(json.dumps(found.as_dict(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return 0
    device, *names = words or ["cuda"]
    valid = [stage.name for stage in STAGES]
    wrong = [name for name in names if name not in valid]
    if device not in TABLE or wrong:
        said = f"No stage {', '.join(wrong)}." if wrong else f"No device {device}. There are: cuda, cpu."
        print(f"{said} Stages: {', '.join(valid)}.", file=sys.stderr)
        return 2
    if absent := unpack(missing()):
        said = f"This Python lacks {', '.join(absent)}, and {WHEELS.relative_to(REPOSITORY)} has no wheel of it."
        print(f"{said} Where there is a network: make gpu-wheels. Then take that folder here.", file=sys.stderr)
        return 2
    chosen = [stage for stage in STAGES if not names or stage.name in names or (device, stage) == ("cuda", FIRST)]
    return _all(chosen, device)


def _all(stages: Sequence[Stage], device: str) -> int:
    folder = REPOSITORY / "build/gpu"
    folder.mkdir(parents=True, exist_ok=True)
    done: list[tuple[Stage, dict[str, Any], float]] = []
    for stage in stages:
        if not stage.is_check and any(before.is_check and found["state"] == "failed" for before, found, _ in done):
            print("A check has failed: nothing is measured.")
            break
        began = time.monotonic()
        found = _run(stage, device, folder / f"{device}-{stage.name}.json")
        done.append((stage, found, time.monotonic() - began))
        print(
            f"{stage.name}: {found['state']}, {done[-1][2]:.0f} s of {stage.limit_s(device)}. {stage.answers}",
            flush=True,
        )
        for line in (*_table(found), *found["notes"]):
            print(f"  {line}", flush=True)
        if (stage, found["state"]) == (FIRST, "failed"):
            print(f"Nothing else is tried, and nothing is written to {TABLE[device].relative_to(REPOSITORY)}.")
            return 1
    TABLE[device].parent.mkdir(parents=True, exist_ok=True)
    TABLE[device].write_text(as_markdown(done, device), encoding="utf-8")
    print(f"Written: {TABLE[device].relative_to(REPOSITORY)}")
    return int(any(found["state"] == "failed" for _, found, _ in done))


def _run(stage: Stage, device: str, file: Path) -> dict[str, Any]:
    """What a stage has written; what it printed, where it wrote nothing."""
    file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "tests.gpu", "--stage", stage.name, device, str(file)]
    path = os.pathsep.join([*filter(None, [os.environ.get("PYTHONPATH")]), str(SITE)])  # last: it fills gaps alone
    process = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # so that all that it starts ends with it
    )
    try:
        _, errors = process.communicate(timeout=stage.limit_s(device))
        said = [f"exit code {process.returncode}", *errors.strip().splitlines()[-12:]]
    except subprocess.TimeoutExpired:
        said = [f"ended after {stage.limit_s(device)} s"]
    except KeyboardInterrupt:
        _end(process)
        raise
    _end(process)
    if file.is_file():
        return json.loads(file.read_text(encoding="utf-8"))
    found = Findings(state="failed", notes=tuple(said)).as_dict()
    file.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return found


def _end(process: subprocess.Popen[str]) -> None:
    """Kills what is left of a stage and of the processes that it has started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _table(found: dict[str, Any]) -> list[str]:
    """The rows as Markdown."""
    if not found["rows"]:
        return []
    head = ["| " + " | ".join(found["headers"]) + " |", "|---" * len(found["headers"]) + "|"]
    return head + ["| " + " | ".join(str(cell).replace("|", "/") for cell in row) + " |" for row in found["rows"]]


def as_markdown(done: Sequence[tuple[Stage, dict[str, Any], float]], device: str) -> str:
    """The report: stage, what it found, seconds. It says on which device."""
    where = "a GPU" if device == "cuda" else "the CPU: no figure here is a GPU's"
    lines = ["# `make gpu`", "", f"On {where}, {datetime.now(UTC).isoformat('T', 'seconds')}.", ""]
    for stage, found, seconds in done:
        lines += [f"## {stage.answers}", "", f"`{stage.name}`: {found['state']}, {seconds:.0f} s.", ""]
        lines += [*_table(found), ""] if found["rows"] else []
        lines += [*(f"- {note}" for note in found["notes"]), ""] if found["notes"] else []
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
