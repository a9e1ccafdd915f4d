"""Training targets outside the range of the output activation."""

from ablate.execute.diagnose.diagnostics._base import Finding
from ablate.execute.diagnose.output_range import output_range
from ablate.execute.diagnose.trace import Trace, fraction


def measure(trace: Trace) -> Finding:
    """Their fraction; NaN for classes, where the last module's output is not the network's, or its range not known."""
    targets = trace.target_values
    if targets is None or trace.last is None or trace.last[1] is not trace.outputs:
        return Finding()
    bounds = output_range(trace.last[0])
    if bounds is None:
        return Finding()
    return Finding(value=fraction((targets < bounds[0]) | (targets > bounds[1])))
