"""Timings of this machine: measured once for networks that are alike, and kept for later studies."""

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
from ablate.store.timings import Overhead, Profile, StepTiming, read_timings, write_timings

MAX_WORK_RATIO = 2.0
"""A timing serves for other networks of its family whose work is within this factor."""

MAX_STACKED_SHARE = 0.95
"""A stack is worthwhile if it takes at most this share of the time per trial. A smaller gain is measurement noise."""

MEASUREMENT_BUDGET_S = 2.0
"""Time after which nothing more is measured for one study, except families without any timing."""

MIN_CPU_SHARE = 0.9
"""A measurement is undisturbed if this process had the CPU for at least this share of it. Waiting for a GPU counts."""


Measured = TypeVar("Measured")


class TimingCache:
    """Timings by family and work. Measures what is missing, and keeps it for later studies."""

    def __init__(self, machine: str = "") -> None:
        """`machine`: hardware and versions; by default those of this process."""
        self._machine = machine or "; ".join(
            (processor(), f"{cores()} cores", torch.__version__, version("pytorch-lightning"), ablate.__version__)
        )
        self._kept, self.damage = read_timings(self._machine)
        self._began = time.monotonic()
        self._is_new = False
        self._disturbed: list[StepTiming] = []
        """Measured while other processes had the CPU: used for this study only."""
        self._disturbed_overheads: dict[str, Overhead] = {}

    def step_timing(self, family: str, work: float, measure: Callable[[], StepTiming]) -> StepTiming:
        """The timing of a network, interpolated between the nearest ones with less and more work.

        Args:
            family: Networks of a family differ in the work of a step only.
            work: Floating-point operations of a step.
            measure: Measures this network.
        """
        there = self._kept.families.setdefault(family, [])
        is_near = any(abs(math.log(max(work, 1) / max(t.work, 1))) <= math.log(MAX_WORK_RATIO) for t in there)
        if not there or not (is_near or time.monotonic() - self._began > MEASUREMENT_BUDGET_S):
            try:
                found, was_undisturbed = _undisturbed(measure)
                bisect.insort(there, found, key=lambda timing: timing.work)
            finally:
                if not there:
                    del self._kept.families[family]
            self._disturbed += [] if was_undisturbed else [found]
            self._is_new = True
        return interpolate(there, work)

    def overhead(self, device: str, measure: Callable[[], Overhead]) -> Overhead:
        """The overhead of a trial on a device."""
        if device not in self._kept.overheads and device not in self._disturbed_overheads:
            found, was_undisturbed = _undisturbed(measure)
            (self._kept.overheads if was_undisturbed else self._disturbed_overheads)[device] = found
            self._is_new = True
        return self._kept.overheads.get(device) or self._disturbed_overheads[device]

    def paces(self, kind: str, measure: Callable[[], Mapping[int, float] | None]) -> Mapping[int, float]:
        """The paces of concurrent processes on one GPU, as in `Sharing`; empty: they could not be measured.

        Args:
            kind: The GPU, the network, and the width of its stacks.
            measure: Measures them; None: it cannot.
        """
        if kind not in self._kept.paces and (found := measure()) is not None:
            self._kept.paces[kind] = dict(found)
            self._is_new = True
        return self._kept.paces.get(kind, {})

    @property
    def profiles(self) -> Mapping[str, Profile]:
        """The kept profiles, by a digest of what they depend on."""
        return self._kept.profiles

    def keep_profile(self, key: str, profile: Profile) -> None:
        """Adds a profile."""
        if self._kept.profiles.get(key) != profile:
            self._kept.profiles[key] = profile
            self._is_new = True

    @property
    def verifications(self) -> Mapping[str, str]:
        """The kept verifications of stacks, by a digest of what they depend on."""
        return self._kept.verifications

    def keep_verification(self, key: str, reason: str) -> None:
        """Adds the result of a verification: why members cannot be stacked; empty: they can."""
        self._kept.verifications[key] = reason
        self._is_new = True

    def write(self) -> None:
        """Writes what is new and was measured undisturbed, if the file can be written."""
        if self._is_new:
            lasting = {f: [t for t in all_ if t not in self._disturbed] for f, all_ in self._kept.families.items()}
            families = {name: timings for name, timings in lasting.items() if timings}
            write_timings(self._machine, replace(self._kept, families=families))
            self._is_new = False


def _undisturbed(measure: Callable[[], Measured]) -> tuple[Measured, bool]:
    """The measurement, and whether it was undisturbed."""
    clock, worked = time.perf_counter(), time.process_time()
    found = measure()
    return found, time.process_time() - worked >= MIN_CPU_SHARE * (time.perf_counter() - clock)


def interpolate(timings: list[StepTiming], work: float) -> StepTiming:
    """Interpolates linearly in the work between the two nearest of some timings, sorted by work.

    Below the least work, times are those of the least; beyond the greatest, they grow in proportion to the work.
    """
    above = bisect.bisect_left(timings, work, key=lambda timing: timing.work)
    low, high = timings[max(above - 1, 0)], timings[min(above, len(timings) - 1)]
    share = (work - low.work) / (high.work - low.work) if high.work > low.work else 0.0
    beyond = max(1.0, work / max(timings[-1].work, 1.0))

    def mixed(one: float, other: float) -> float:
        return beyond * (one + share * (other - one))

    return StepTiming(
        work=work,
        step=mixed(low.step, high.step),
        stacked={width: mixed(s, high.stacked[width]) for width, s in low.stacked.items() if width in high.stacked},
        conv_as_matmul=(low if share < 0.5 else high).conv_as_matmul,
        example=mixed(low.example, high.example),
        evaluation=mixed(low.evaluation, high.evaluation),
        build=low.build + share * (high.build - low.build),
    )
