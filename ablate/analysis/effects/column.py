"""The effect of a two-level design's column on the responses."""

import numpy as np

from ablate.analysis.statistics.student import Values
from ablate.design.column import Column


def column_effect(column: Column, responses: Values) -> float:
    """The mean where the column's sign is +1 minus the mean where it is −1.

    Args:
        column: of the design.
        responses: shape (design points,).
    """
    arm, reference = (responses[list(rows)] for rows in (column.estimable.arm, column.estimable.reference))
    return float(np.mean(arm) - np.mean(reference))
