"""Hidden units that are 0 on every example."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ablate.execute.diagnose.diagnostics._base import Finding, LayerValue
from ablate.execute.diagnose.trace import Trace


def measure(trace: Trace) -> Finding:
    """Their fraction: of the activation modules' units, and of what enters layers where there is no such module."""
    units = [a.dead for a in trace.hidden] or [e.dead for e in trace.entered if e.dead is not None]
    return Finding(
        value=_fraction(units),
        layers=tuple(
            LayerValue(part="activation", place=place, layer=a.name, value=_fraction([a.dead]))
            for place, a in enumerate(trace.hidden)
        ),
    )


def _fraction(dead: Sequence[Tensor]) -> float:
    return float(torch.cat(list(dead)).cpu().double().mean()) if dead else math.nan
