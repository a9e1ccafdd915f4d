"""Two commands timed in one run, interleaved A B B A, as whole processes."""

import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Wall seconds of both sides, one entry a repetition, in the order in which they ran."""

    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def ratios(self) -> tuple[float, ...]:
        """Ours over theirs, repetition by repetition."""
        return tuple(a / b for a, b in zip(self.ours, self.theirs, strict=True))

    @property
    def ratio(self) -> float:
        """The median of the ratios."""
        return statistics.median(self.ratios)


def pair(ours: Sequence[str], theirs: Sequence[str], *, repetitions: int) -> Pair:
    """Times two commands after one warm-up of each, so that both find the disk's cache filled.

    Raises:
        RuntimeError: a command fails: there is nothing to compare.
    """
    for command in (ours, theirs):
        _seconds(command)
    times: dict[int, list[float]] = {0: [], 1: []}
    for repetition in range(repetitions):
        for side in (0, 1) if repetition % 2 == 0 else (1, 0):
            times[side].append(_seconds((ours, theirs)[side]))
    return Pair(ours=tuple(times[0]), theirs=tuple(times[1]))


def _seconds(command: Sequence[str]) -> float:
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-500:]}")
    return time.perf_counter() - began
