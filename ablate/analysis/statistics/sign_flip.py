"""The sign-flip test: are the differences as likely to be negative as positive?"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ablate.analysis.summary import SignFlip

MAX_ENUMERATED = 16
"""Number of differences up to which every sign pattern is enumerated."""
DRAWS = 9_999
"""Random sign patterns above that."""
PIECE = 1 << 17
"""Signs that are drawn at a time: all of them would be 90 MB for 1000 differences."""
ROUNDING = 1e-12
"""Relative: sums of the same numbers in another order differ by less."""


def floor(n: int) -> float:
    """The smallest p that the test can give for n differences, none of them zero."""
    return 2.0 ** (1 - n) if n <= MAX_ENUMERATED else 1 / (DRAWS + 1)


def sign_flip(differences: npt.NDArray[np.float64], *, rng: np.random.Generator, slack: float = 0.0) -> SignFlip:
    """Tests, two-sided, that each difference is as likely to have the other sign; the statistic is |sum|.

    A difference of zero has no sign: it is left out, which changes neither the sum nor p, and the floor is
    that of the others. Up to 16 differences every pattern is enumerated; above, p is (b + 1) / (B + 1) with
    B = 9999 random patterns (Phipson & Smyth 2010), and the floor 1 / (B + 1).

    Args:
        differences: shape (n,), at least one of them not zero.
        rng: for the random patterns alone.
        slack: how far apart two sums may be and still count as tied, in the differences' units.
    """
    signed = differences[differences != 0]
    total = float(np.sum(signed))
    extreme = abs(total) - slack - ROUNDING * float(np.sum(np.abs(signed)))
    smallest = floor(len(signed))
    if len(signed) <= MAX_ENUMERATED:
        # A pattern and its mirror image have the same |sum|, so the first sign stays.
        sums = signed[:1]
        for difference in signed[1:]:
            sums = np.concatenate((sums + difference, sums - difference))
        return SignFlip(p=float(np.mean(np.abs(sums) >= extreme)), floor=smallest, exact=True)
    beyond = sum(
        int(np.count_nonzero(np.abs(total - 2 * (flips @ signed)) >= extreme)) for flips in _flips(len(signed), rng)
    )
    return SignFlip(p=(beyond + 1) / (DRAWS + 1), floor=smallest, exact=False)


def _flips(n: int, rng: np.random.Generator) -> Iterator[npt.NDArray[np.uint8]]:
    """The random patterns, shape (patterns, n), in pieces; the same ones as if they were drawn at once.

    A generator draws bytes in fours, and drops what is left of the last four.
    """
    rows = max(PIECE // n // 4, 1) * 4
    for first in range(0, DRAWS, rows):
        yield rng.integers(0, 2, size=(min(rows, DRAWS - first), n), dtype=np.uint8)
