"""How processes share one GPU: how much longer each takes for its steps when others compute there, too."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """Paces of concurrent processes, as they were measured on a GPU of one kind.

    `paces`: processes → steps that they take together, in the time in which one process alone takes one. Between two
    numbers that were measured it is interpolated; more processes than were measured are no faster together. Where
    nothing was measured, processes take turns: together they take as many steps as one alone.
    """

    paces: Mapping[int, float] = field(default_factory=dict[int, float])

    def slowdown(self, processes: int) -> float:
        """How many times as long a step takes when that number of processes share the GPU."""
        known = {1: 1.0, **self.paces}
        counts = sorted(known)
        return processes / float(np.interp(processes, counts, [known[count] for count in counts]))
