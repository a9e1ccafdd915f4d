"""The rounding tolerance of responses: how close two of them must be to count as the same number."""

import numpy as np
import numpy.typing as npt

RELATIVE_ROUNDING = 2.0**-22
"""Relative. A response comes out of single precision and so is off by up to 2⁻²⁴; a difference of differences
by four times that."""


def rounding_tolerance(*responses: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How much two equal differences may differ by rounding in single precision alone, elementwise.

    Args:
        *responses: arrays of one shape.

    Returns:
        An array of that shape, in the responses' units.
    """
    return RELATIVE_ROUNDING * np.max(np.abs(responses), axis=0)
