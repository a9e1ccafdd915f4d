"""Places at which a hidden activation is exactly 0."""

import math

from ablate.execute.diagnose.diagnostics._base import Finding, LayerValue
from ablate.execute.diagnose.trace import Trace


def measure(trace: Trace) -> Finding:
    """Their fraction, each activation weighted by its places."""
    places = sum(a.places for a in trace.hidden)
    return Finding(
        value=sum(a.zeros * a.places for a in trace.hidden) / places if places else math.nan,
        layers=tuple(
            LayerValue(part="activation", place=place, layer=a.name, value=a.zeros)
            for place, a in enumerate(trace.hidden)
        ),
    )
