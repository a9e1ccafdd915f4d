"""The SD of what enters the layers."""

from ablate.execute.diagnose.diagnostics._base import Finding, LayerValue
from ablate.execute.diagnose.diagnostics._depth import geometric_mean
from ablate.execute.diagnose.trace import Trace


def measure(trace: Trace) -> Finding:
    """The geometric mean over the layers, the first apart, whose input is the data."""
    return Finding(
        value=geometric_mean([e.sd for e in trace.entered]),
        layers=tuple(
            LayerValue(part="input", place=place, layer=e.name, value=e.sd) for place, e in enumerate(trace.entered)
        ),
    )
