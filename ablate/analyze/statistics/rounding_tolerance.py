"""The grain of responses: how close two of them must be to count as the same number."""

import numpy as np
import numpy.typing as npt

SINGLE = 2.0**-22
"""Relative. A response comes out of single precision and so is off by up to 2⁻²⁴; a difference of differences
by four times that."""


def rounding_tolerance(*responses: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """What two equal differences may differ by, elementwise: from rounding in single precision alone.

    Args:
        *responses: arrays of one shape.

    Returns:
        An array of that shape, in the responses' units.
    """
    return SINGLE * np.max(np.abs(responses), axis=0)
