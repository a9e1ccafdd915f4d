"""Measures how many steps processes take together on one GPU. Each is a process of its own, as a worker is."""

import os
import pickle
import select
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import torch

from ablate.execute.planner.candidate import Candidate
from ablate.execute.planner.pace_process import GO, READY, Measured
from ablate.execute.process.socket_directory import temporary_directory

MIN_PACED_S = 60.0
"""Seconds of steps on a GPU from which a study's paces are measured: starting the processes takes some of them."""

START_LIMIT_S = 60.0
"""Time that the processes have to load torch and to build what they train; then nothing is measured."""

ANSWER_LIMIT_S = 30.0
"""Time that each has for an answer, which takes less than a second."""

CODE = """
import pickle, sys
with open(sys.argv[1], "rb") as file:
    sys.path[:] = pickle.load(file)
    from ablate.execute.planner.pace_process import main
    main(file)
"""


def measure_paces(candidate: Candidate, *, device: torch.device, counts: Iterable[int]) -> dict[int, float] | None:
    """Steps that processes take together on a device, in the time in which one of them alone takes one.

    Args:
        candidate: What each of them trains: a stack of its width, or its first trial.
        device: Where.
        counts: Numbers of processes, each more than 1.

    Returns:
        One for each of `counts`; None: not all of the processes could be started or take a step, as for want of memory.
    """
    wanted = sorted(set(counts))
    processes: list[subprocess.Popen[bytes]] = []
    what = Measured(
        trials=candidate.trials[: candidate.width], conv_as_matmul=candidate.conv_as_matmul, device=str(device)
    )
    with temporary_directory() as folder:
        file = Path(folder, "measured")
        try:
            file.write_bytes(pickle.dumps([os.fspath(place) for place in sys.path]) + pickle.dumps(what))
            processes.extend(_started(file) for _ in range(wanted[-1]))
            deadline = time.monotonic() + START_LIMIT_S
            if not all(_answer(process, deadline - time.monotonic()) == READY for process in processes):
                return None
            alone = _rate(processes[:1])
            return {count: _rate(processes[:count]) / alone for count in wanted}
        except (OSError, ValueError):
            return None
        finally:
            _end(processes)


def _started(file: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-c", CODE, str(file)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.kill()
    for process in processes:
        with suppress(OSError):  # what it did not read cannot be written
            process.communicate()


def _rate(processes: Sequence[subprocess.Popen[bytes]]) -> float:
    """Steps per second of some processes together.

    Raises:
        OSError, ValueError: one of them has ended.
    """
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(GO)
        process.stdin.flush()
    return sum(float(_answer(process, ANSWER_LIMIT_S)) for process in processes)


def _answer(process: subprocess.Popen[bytes], limit_s: float) -> bytes:
    """The next line that a process writes; empty: it has ended, or has written none in time."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], max(limit_s, 0.0))
    return process.stdout.readline() if ready else b""
