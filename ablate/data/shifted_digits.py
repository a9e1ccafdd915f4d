"""Handwritten digits somewhere on a larger canvas: trained here, tested elsewhere."""

import numpy as np
import torch

from ablate.data.digits import parted
from ablate.data.generator import generators
from ablate.data.option import check_at_least
from ablate.data.source import Arrays, Source, subset
from ablate.errors import DataError

SIDE = 8
"""Pixels of a digit's side."""


def shifted_digits(
    *,
    canvas: int = 14,
    shift: int = 3,
    test_shift: int | None = None,
    data_seed: int = 0,
    limit: int | None = None,
    val_size: int = 200,
    test_size: int | None = None,
) -> Source:
    """Images of shape (1, canvas, canvas) in [0, 1], ten classes: a digit, moved from the middle, among zeros.

    It is moved by whole pixels, down and to the right independently, each from −shift to shift with equal
    probability. A function of the digit alone, whatever its place, loses nothing by another `test_shift`. Test
    images are 597 that are not trained on, the same for every replicate, as with an official test set: the
    digits are a finite data set, of which no replicate can draw afresh.

    Args:
        canvas: Pixels of the canvas's side.
        shift: The farthest that a training or validation digit is moved, in pixels.
        test_shift: The farthest that a test digit is moved; None: `shift`.
        data_seed: Fixes which images test, and every digit's place.
        limit: Examples of the other 1200 to use at all; None: every one.
        val_size: Examples of the validation split.
        test_size: Examples of the test set; None: all 597.

    Raises:
        DataError: a digit would leave the canvas, or a number is out of its range.
    """
    tested = shift if test_shift is None else test_shift
    check_at_least(SIDE, canvas=canvas)
    check_at_least(0, shift=shift, test_shift=tested)
    if max(shift, tested) > (canvas - SIDE) // 2:
        raise DataError(
            f"data.shift={shift}, data.test_shift={tested}: a digit would leave the canvas; valid for"
            f" data.canvas={canvas}: 0 to {(canvas - SIDE) // 2}."
        )
    for_parts, for_pool, for_test = generators(data_seed, 3)
    pool_digits, test_digits = parted(for_parts)
    pool = _placed(for_pool, pool_digits, canvas, shift).at(subset(len(pool_digits), limit))
    test = _placed(for_test, test_digits, canvas, tested)
    return Source(pool=pool, test=test, val_size=val_size, test_size=test_size)


def _placed(rng: np.random.Generator, digits: Arrays, canvas: int, shift: int) -> Arrays:
    placed = torch.zeros(len(digits), 1, canvas, canvas)
    middle = (canvas - SIDE) // 2
    corners = middle + rng.integers(-shift, shift + 1, (len(digits), 2))
    for image, digit, (top, left) in zip(placed, digits.inputs, corners.tolist(), strict=True):
        image[:, top : top + SIDE, left : left + SIDE] = digit
    return Arrays(inputs=placed, targets=digits.targets)
