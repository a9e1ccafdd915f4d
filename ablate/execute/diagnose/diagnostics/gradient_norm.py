"""The norm of the loss's gradient by the weights."""

import math

from ablate.execute.diagnose.diagnostics._base import Finding, LayerValue
from ablate.execute.diagnose.trace import Trace


def measure(trace: Trace) -> Finding:
    """Over all weight matrices and kernels; by layer, over the layer's own."""
    norms = trace.gradient_norms
    return Finding(
        value=math.hypot(*norms.values()) if norms else math.nan,
        layers=tuple(
            LayerValue(part="weights", place=place, layer=name, value=norm)
            for place, (name, norm) in enumerate(norms.items())
        ),
    )
