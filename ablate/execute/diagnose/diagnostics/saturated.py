"""Places at which the slope of a hidden activation is below .01."""

import math

from ablate.execute.diagnose.diagnostics._base import Finding, LayerValue
from ablate.execute.diagnose.trace import Trace


def measure(trace: Trace) -> Finding:
    """Their fraction, each activation weighted by its places."""
    found = [(a, a.saturated) for a in trace.hidden if a.saturated is not None]
    places = sum(a.places for a, _ in found)
    return Finding(
        value=sum(fraction * a.places for a, fraction in found) / places if places else math.nan,
        layers=tuple(
            LayerValue(part="activation", place=place, layer=a.name, value=a.saturated)
            for place, a in enumerate(trace.hidden)
            if a.saturated is not None
        ),
    )
