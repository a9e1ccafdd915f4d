"""How the norm of the loss's gradient by a layer's weights changes over depth."""

from ablate.execute.diagnose.diagnostics._base import Finding
from ablate.execute.diagnose.diagnostics._depth import log_slope
from ablate.execute.diagnose.trace import Trace


def measure(trace: Trace) -> Finding:
    """The change of its natural logarithm per layer, towards the output."""
    return Finding(value=log_slope(list(trace.gradient_norms.values())))
