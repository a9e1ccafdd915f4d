"""How the SD of what enters the layers changes over depth."""

from ablate.execute.diagnose.diagnostics._base import Finding
from ablate.execute.diagnose.diagnostics._depth import log_slope
from ablate.execute.diagnose.trace import Trace


def measure(trace: Trace) -> Finding:
    """The change of its natural logarithm per layer."""
    return Finding(value=log_slope([e.sd for e in trace.entered]))
