"""The paces of a machine: measured once for networks that are much alike, and kept."""

import bisect
import math
import time
from collections.abc import Callable

import torch

from ablate.execute.machine import cores, processor
from ablate.store.paces import Overhead, Pace, read_paces, write_paces

ALIKE = 2.0
"""Ratio of work up to which a pace that is there serves for another network of its family."""

SECONDS = 2.0
"""After which nothing more is measured for one study, but for families that nobody has measured yet."""


class MeasuredPaces:
    """Paces by family and work; measures what is missing, and keeps it for later studies."""

    def __init__(self, machine: str = "") -> None:
        """`machine`: what the paces are of; this one, unless told."""
        self._machine = machine or f"{processor()}, {cores()} cores, torch {torch.__version__}"
        self._kept = read_paces(self._machine)
        self._began = time.monotonic()
        self._is_new = False

    def at(self, family: str, work: float, measure: Callable[[], Pace]) -> Pace:
        """The pace of a network: between those of the nearest that do less and more.

        Args:
            family: What networks have in common whose paces follow from their work.
            work: Floating-point operations of a step.
            measure: Measures this network.
        """
        there = self._kept.families.setdefault(family, [])
        is_near = any(abs(math.log(max(work, 1) / max(p.work, 1))) <= math.log(ALIKE) for p in there)
        if not there or not (is_near or time.monotonic() - self._began > SECONDS):
            try:
                bisect.insort(there, measure(), key=lambda pace: pace.work)
            finally:
                if not there:
                    del self._kept.families[family]
            self._is_new = True
        return between(there, work)

    def overhead(self, device: str, measure: Callable[[], Overhead]) -> Overhead:
        """What Lightning takes on a device."""
        if device not in self._kept.overheads:
            self._kept.overheads[device] = measure()
            self._is_new = True
        return self._kept.overheads[device]

    def keep(self) -> None:
        """Writes what is new, if it can be written."""
        if self._is_new:
            write_paces(self._machine, self._kept)
            self._is_new = False


def between(paces: list[Pace], work: float) -> Pace:
    """Interpolates, linearly in the work, between the two nearest of some paces, sorted by work; the ends go on."""
    above = bisect.bisect_left(paces, work, key=lambda pace: pace.work)
    low, high = paces[max(above - 1, 0)], paces[min(above, len(paces) - 1)]
    share = (work - low.work) / (high.work - low.work) if high.work > low.work else 0.0

    def mixed(one: float, other: float) -> float:
        return one + share * (other - one)

    return Pace(
        work=work,
        step=mixed(low.step, high.step),
        stacked={width: mixed(s, high.stacked[width]) for width, s in low.stacked.items() if width in high.stacked},
        example=mixed(low.example, high.example),
        build=mixed(low.build, high.build),
    )
