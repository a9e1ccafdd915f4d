"""Sides that are timed in one run, interleaved: there and back again, A B C C B A."""

import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def race(
    sides: Mapping[str, Callable[[Path], T]], *, repetitions: int, check: Callable[[Mapping[str, T]], None]
) -> dict[str, tuple[float, ...]]:
    """Seconds of every side, one entry a repetition.

    Args:
        sides: Name → what is timed; it gets an empty folder and returns what it has computed.
        repetitions: Times that every side is timed.
        check: Raises where what the sides have computed in a repetition is not the same.
    """
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for repetition in range(repetitions):
        found: dict[str, T] = {}
        for name in [*sides] if repetition % 2 == 0 else [*sides][::-1]:
            with tempfile.TemporaryDirectory() as folder:
                began = time.perf_counter()
                found[name] = sides[name](Path(folder))
                seconds[name].append(time.perf_counter() - began)
        check(found)
    return {name: tuple(values) for name, values in seconds.items()}


def ratios(above: tuple[float, ...], below: tuple[float, ...]) -> tuple[float, ...]:
    """Repetition by repetition."""
    return tuple(a / b for a, b in zip(above, below, strict=True))
