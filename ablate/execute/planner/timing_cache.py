"""The paces of a machine: measured once for networks that are much alike, and kept."""

import bisect
import math
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import TypeVar

import torch
from msgspec.structs import replace

import ablate
from ablate.execute.process.hardware import cores, processor
from ablate.store.timings import Look, Overhead, Pace, read_paces, write_paces

ALIKE = 2.0
"""Ratio of work up to which a pace that is there serves for another network of its family."""

WORTHWHILE = 0.95
"""Of the seconds of a member's step, what a stack may take of them at most: less saved is the noise of a probe."""

SECONDS = 2.0
"""After which nothing more is measured for one study, but for families that nobody has measured yet."""


Measured = TypeVar("Measured")


class MeasuredPaces:
    """Paces by family and work; measures what is missing, and keeps it for later studies."""

    def __init__(self, machine: str = "") -> None:
        """`machine`: what the paces are of; this one, unless told."""
        self._machine = machine or "; ".join(
            (processor(), f"{cores()} cores", torch.__version__, version("pytorch-lightning"), ablate.__version__)
        )
        self._kept = read_paces(self._machine)
        self._began = time.monotonic()
        self._is_new = False
        self._passing: list[Pace] = []
        """Measured while others were at work: for this study only."""
        self._overheads: dict[str, Overhead] = {}
        """As these."""

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
                found, was_quiet = _undisturbed(measure)
                bisect.insort(there, found, key=lambda pace: pace.work)
            finally:
                if not there:
                    del self._kept.families[family]
            self._passing += [] if was_quiet else [found]
            self._is_new = True
        return between(there, work)

    def overhead(self, device: str, measure: Callable[[], Overhead]) -> Overhead:
        """What Lightning takes on a device."""
        if device not in self._kept.overheads and device not in self._overheads:
            found, was_quiet = _undisturbed(measure)
            (self._kept.overheads if was_quiet else self._overheads)[device] = found
            self._is_new = True
        return self._kept.overheads.get(device) or self._overheads[device]

    @property
    def looks(self) -> Mapping[str, Look]:
        """Looks that were kept, by what they follow from."""
        return self._kept.looks

    def keep_look(self, key: str, look: Look) -> None:
        """Takes in what was seen of trials."""
        if self._kept.looks.get(key) != look:
            self._kept.looks[key] = look
            self._is_new = True

    @property
    def rehearsals(self) -> Mapping[str, str]:
        """What rehearsals have found, by what they follow from."""
        return self._kept.rehearsals

    def keep_rehearsal(self, key: str, reason: str) -> None:
        """Takes in why members cannot train as one; empty: they can."""
        self._kept.rehearsals[key] = reason
        self._is_new = True

    def keep(self) -> None:
        """Writes what is new and was measured undisturbed, if it can be written."""
        if self._is_new:
            lasting = {f: [p for p in paces if p not in self._passing] for f, paces in self._kept.families.items()}
            families = {name: paces for name, paces in lasting.items() if paces}
            write_paces(self._machine, replace(self._kept, families=families))
            self._is_new = False


QUIET = 0.9
"""Of the seconds of a measurement, those at least in which this process was at work: less, and others held it up."""


def _undisturbed(measure: Callable[[], Measured]) -> tuple[Measured, bool]:
    """What is measured, and whether nobody disturbed it: a process that waits, for a GPU of its own too, is at work."""
    clock, worked = time.perf_counter(), time.process_time()
    found = measure()
    return found, time.process_time() - worked >= QUIET * (time.perf_counter() - clock)


def between(paces: list[Pace], work: float) -> Pace:
    """Interpolates, linearly in the work, between the two nearest of some paces, sorted by work.

    What does less than the least takes as long; what does more than the most takes longer, as much as it does more.
    """
    above = bisect.bisect_left(paces, work, key=lambda pace: pace.work)
    low, high = paces[max(above - 1, 0)], paces[min(above, len(paces) - 1)]
    share = (work - low.work) / (high.work - low.work) if high.work > low.work else 0.0
    beyond = max(1.0, work / max(paces[-1].work, 1.0))

    def mixed(one: float, other: float) -> float:
        return beyond * (one + share * (other - one))

    return Pace(
        work=work,
        step=mixed(low.step, high.step),
        stacked={width: mixed(s, high.stacked[width]) for width, s in low.stacked.items() if width in high.stacked},
        matrices=(low if share < 0.5 else high).matrices,
        example=mixed(low.example, high.example),
        build=low.build + share * (high.build - low.build),
    )
