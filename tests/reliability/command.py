"""An `ablate` command in a process of its own, and every process that descends from it, however they were started."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from tests import REPOSITORY

MARK = "ABLATE_TEST_COMMAND"
"""A variable that all processes of a command inherit in their environment."""


class Command:
    """`python -m ablate …` in a folder. All that it starts carries its mark."""

    def __init__(self, folder: Path, *words: str, **environment: str) -> None:
        self.mark = f"{folder}:{time.monotonic_ns()}"
        self.folder = folder
        self.output = folder / "output.txt"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ablate", *words],
                cwd=folder,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | {"PYTHONPATH": str(REPOSITORY), MARK: self.mark} | environment,
            )

    def processes(self) -> list[psutil.Process]:
        """All that are alive, the driver included."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error):
            return process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == self.mark
        return False

    def send(self, number: int) -> None:
        """Sends the driver a signal."""
        self.process.send_signal(number)

    def left_after(self, limit_s: float) -> list[psutil.Process]:
        """What is still alive after so long; waits no longer than until nothing is."""
        until = time.monotonic() + limit_s
        while (left := self.processes()) and time.monotonic() < until:
            self.process.poll()
            time.sleep(0.05)
        return left

    def kill(self) -> None:
        """Kills whatever is left of it."""
        for process in self.processes():
            with suppress(psutil.Error):
                process.send_signal(signal.SIGKILL)
        self.process.wait()


def names(processes: Sequence[psutil.Process]) -> list[str]:
    """Says which processes they are, for a failing test."""
    found: list[str] = []
    for process in processes:
        with suppress(psutil.Error):
            found.append(f"{process.pid} (child of {process.ppid()}): {' '.join(process.cmdline())[:150]}")
    return found
