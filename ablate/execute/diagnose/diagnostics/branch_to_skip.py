"""The norm of what a residual branch adds over that of what it is added to."""

import math

import numpy as np

from ablate.execute.diagnose.diagnostics._base import Finding, LayerValue
from ablate.execute.diagnose.trace import Trace


def measure(trace: Trace) -> Finding:
    """The mean over the shortcuts."""
    return Finding(
        value=float(np.mean([ratio for _, ratio in trace.ratios])) if trace.ratios else math.nan,
        layers=tuple(
            LayerValue(part="shortcut", place=place, layer=name, value=ratio)
            for place, (name, ratio) in enumerate(trace.ratios)
        ),
    )
