"""Two handwritten digits side by side: is exactly one of them odd?"""

import numpy as np
import torch

from ablate.data.digits import composed
from ablate.data.source import Arrays, Source


def digit_pairs(
    *,
    examples: int = 5200,
    data_seed: int = 0,
    limit: int | None = None,
    val_size: int = 200,
    test_size: int = 1000,
) -> Source:
    """Images of shape (1, 8, 16) in [0, 1]; class 1 where one digit is odd and the other even: XOR of the parities.

    Both digits are drawn alike and independently, and half of all digits are odd, so that either digit alone says
    nothing. A score that adds up what it sees on the left and on the right sorts at most three quarters of the four
    cases; by least squares or cross-entropy its optimum is the constant.

    The test pairs are made of 597 images that no other pair shows; training and validation pairs share the other
    1200, so that a validation score is the more favourable one. The test set is the same for every replicate,
    as with an official one: the digits are a finite data set, of which no replicate can draw afresh.

    Args:
        examples: How many pairs to draw, validation included.
        data_seed: Fixes the pairs.
        limit: Pairs to use at all, test pairs apart; None: every one.
        val_size: Examples of the validation split.
        test_size: Pairs of the test set.

    Raises:
        DataError: a number is out of its range.
    """
    return composed(_pairs, examples=examples, data_seed=data_seed, limit=limit, val_size=val_size, test_size=test_size)


def _pairs(rng: np.random.Generator, images: Arrays, count: int) -> Arrays:
    left, right = (images.at(torch.from_numpy(column)) for column in rng.integers(0, len(images), (count, 2)).T)
    return Arrays(
        inputs=torch.cat([left.inputs, right.inputs], dim=3),
        targets=(left.targets + right.targets) % 2,
    )
